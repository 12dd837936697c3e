/** `/sign-in`: redeems the link of `omnigent url`. */
import { SignIn } from '#components/person/sign-in.tsx';

export default function SignInPage() {
  return <SignIn />;
}
