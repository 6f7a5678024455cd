// A RestApi with a usage plan, keys and a function, as CDK makes it.
const path = require("path");
const { App, Stack, CfnOutput } = require("aws-cdk-lib");
const apigateway = require("aws-cdk-lib/aws-apigateway");
const lambda = require("aws-cdk-lib/aws-lambda");

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, "CdkShop");
const pets = new lambda.Function(stack, "Pets", {
  runtime: lambda.Runtime.NODEJS_20_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset(path.join(__dirname, "code")),
  environment: { GREETING: process.env.GREETING ?? "hello" },
});
const api = new apigateway.RestApi(stack, "Shop", {
  deployOptions: {
    stageName: "live",
    methodOptions: { "/pets/GET": { throttlingRateLimit: 50, throttlingBurstLimit: 20 } },
  },
  defaultCorsPreflightOptions: { allowOrigins: ["*"] },
  cloudWatchRole: true,
});
const model = api.addModel("Pet", {
  schema: { type: apigateway.JsonSchemaType.OBJECT, required: ["name"] },
});
const resource = api.root.addResource("pets");
resource.addMethod("GET", new apigateway.LambdaIntegration(pets), { apiKeyRequired: true });
resource.addMethod("POST", new apigateway.LambdaIntegration(pets), {
  apiKeyRequired: true,
  requestModels: { "application/json": model },
  requestValidatorOptions: { validateRequestBody: true },
});
const plan = api.addUsagePlan("Gold", {
  name: "gold",
  throttle: { rateLimit: 10, burstLimit: 2 },
  quota: { limit: Number(process.env.LIMIT ?? "5"), period: apigateway.Period.DAY },
  apiStages: [{ stage: api.deploymentStage }],
});
const key = api.addApiKey("Ann", { apiKeyName: "ann", value: "ann-of-the-cdk-stack-0000" });
plan.addApiKey(key);
new CfnOutput(stack, "KeyId", { value: key.keyId });
