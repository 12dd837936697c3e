/** For tests: policies that the rows of testing/ are judged by. */

const guardrails = {
  forbidden_commands: ['rm -rf /', 'env', 'curl -X POST *malicious-actor.com*'],
  restricted_paths: ['../../config/secrets.json'],
  require_human_approval_on_mutation: true,
};

const policyWith = (security: Partial<typeof guardrails>, hasNetwork = true) => ({
  version: '2026.1',
  workspace: {
    name: 'sample',
    root: '/srv/project',
    base_dir: './src/microservices',
    allow_network_access: hasNetwork,
  },
  policies: {
    cost_control: { max_budget_usd: 15, alert_threshold_pct: 80 },
    security_guardrails: { ...guardrails, ...security },
  },
});

export const policies: Readonly<Record<string, ReturnType<typeof policyWith>>> = {
  sample: policyWith({}),
  unasked: policyWith({ require_human_approval_on_mutation: false }),
  custom: policyWith({
    forbidden_commands: ['git push --force*', 'sudo *', 'npm publish', '* | sh'],
    restricted_paths: ['**/*.pem', '~/.ssh/**'],
  }),
  tools: policyWith({
    forbidden_commands: [
      ...['pip install *', 'python -m http.server', 'kubectl delete ns prod', 'docker run --privileged'],
      ...['find * -delete', 'npm install', 'terraform destroy'],
    ],
    restricted_paths: [],
    require_human_approval_on_mutation: false,
  }),
  empty: policyWith({ forbidden_commands: [], restricted_paths: [] }),
  private: policyWith({ forbidden_commands: [], restricted_paths: ['private/key.txt'] }),
  offline: policyWith({}, false),
};

export const cwd = '/srv/project/src/microservices';
