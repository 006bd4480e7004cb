// The platform's stacks as a CDK app that is given its templates: `node app.js PLAN OUTDIR`.
'use strict';
const fs = require('fs');
const cdk = require('aws-cdk-lib');
const { Asset } = require('aws-cdk-lib/aws-s3-assets');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');

const [, , planFile, outdir] = process.argv;
const plan = JSON.parse(fs.readFileSync(planFile, 'utf8'));
const app = new cdk.App({ analyticsReporting: false, outdir });

const templates = {};
for (const { stack, name, template, parameters, tags } of plan.stacks) {
  // With the caller's own credentials: taking on the roles of CDK's bootstrap stack would cost it calls that nobody else makes.
  const synthesizer = new cdk.CliCredentialsStackSynthesizer();
  const scope = new cdk.Stack(app, name, { env: plan.env, tags, synthesizer });
  let code;
  // Code is an asset, as CDK users have it; what another stack gives is a reference, which CDK makes an export and an import.
  const asset = (path) => (code ??= new Asset(scope, 'Code', { path }));
  const value = (source) =>
    source.from === 'key' ? asset(source.zip).s3ObjectKey
    : source.from === 'bucket' ? asset(source.zip).s3BucketName
    : templates[source.stack].getOutput(source.output).value;
  templates[stack] = new CfnInclude(scope, 'Template', {
    templateFile: template,
    parameters: Object.fromEntries(Object.entries(parameters).map(([id, source]) => [id, value(source)])),
  });
}
app.synth();
