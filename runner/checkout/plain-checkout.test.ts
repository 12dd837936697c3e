/** The plain copy against the contract, and what only it promises. */
import { checkoutContract } from './contract.ts';
import { plainCheckout } from './plain-checkout.ts';

checkoutContract('copying', plainCheckout);
