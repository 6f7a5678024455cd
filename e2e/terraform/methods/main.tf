# Methods with all that hangs on them: authorizers, validators, models, responses, integrations of every kind, and the
# API's own gateway responses.

resource "aws_api_gateway_rest_api" "pets" {
  name = "methods-pets"
}

resource "aws_api_gateway_resource" "pets" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  parent_id   = aws_api_gateway_rest_api.pets.root_resource_id
  path_part   = var.changed ? "animals" : "pets"
}

resource "aws_api_gateway_resource" "pet" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  parent_id   = aws_api_gateway_resource.pets.id
  path_part   = "{id}"
}

resource "aws_api_gateway_resource" "rest" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  parent_id   = aws_api_gateway_resource.pet.id
  path_part   = "{proxy+}"
}

locals {
  function = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
  pool     = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_"
}

resource "aws_api_gateway_authorizer" "token" {
  name                             = var.changed ? "token-2" : "token"
  rest_api_id                      = aws_api_gateway_rest_api.pets.id
  authorizer_uri                   = local.function
  authorizer_credentials           = "arn:aws:iam::000000000000:role/invoke"
  identity_validation_expression   = var.changed ? "^b.*$" : "^a.*$"
  authorizer_result_ttl_in_seconds = var.changed ? 0 : 60
}

resource "aws_api_gateway_authorizer" "request" {
  name            = "request"
  rest_api_id     = aws_api_gateway_rest_api.pets.id
  type            = "REQUEST"
  authorizer_uri  = local.function
  identity_source = var.changed ? "method.request.querystring.who" : "method.request.header.Who, context.httpMethod"
}

resource "aws_api_gateway_authorizer" "pool" {
  name          = "pool"
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  type          = "COGNITO_USER_POOLS"
  provider_arns = var.changed ? ["${local.pool}b", "${local.pool}c"] : ["${local.pool}a", "${local.pool}b"]
}

resource "aws_api_gateway_request_validator" "all" {
  name                        = var.changed ? "parameters" : "all"
  rest_api_id                 = aws_api_gateway_rest_api.pets.id
  validate_request_body       = !var.changed
  validate_request_parameters = true
}

resource "aws_api_gateway_model" "pet" {
  rest_api_id  = aws_api_gateway_rest_api.pets.id
  name         = "Pet"
  description  = var.changed ? "a pet, changed" : "a pet"
  content_type = "application/json"
  schema       = jsonencode({ type = "object", properties = { name = { type = "string", maxLength = var.changed ? 8 : 9 } } })
}

# One model names another, so that the two must be destroyed in order.
resource "aws_api_gateway_model" "pets" {
  rest_api_id  = aws_api_gateway_rest_api.pets.id
  name         = "Pets"
  content_type = "application/json"
  schema = jsonencode({
    type  = "array"
    items = { "$ref" = "https://apigateway.amazonaws.com/restapis/${aws_api_gateway_rest_api.pets.id}/models/${aws_api_gateway_model.pet.name}" }
  })
}

resource "aws_api_gateway_method" "post" {
  rest_api_id          = aws_api_gateway_rest_api.pets.id
  resource_id          = aws_api_gateway_resource.pets.id
  http_method          = "POST"
  authorization        = "CUSTOM"
  authorizer_id        = var.changed ? aws_api_gateway_authorizer.request.id : aws_api_gateway_authorizer.token.id
  api_key_required     = var.changed
  operation_name       = var.changed ? null : "addPet"
  request_validator_id = var.changed ? null : aws_api_gateway_request_validator.all.id
  request_models       = { "application/json" = aws_api_gateway_model.pet.name }
  request_parameters   = var.changed ? { "method.request.header.b" = false } : { "method.request.header.a" = true }
}

resource "aws_api_gateway_method_response" "created" {
  rest_api_id         = aws_api_gateway_rest_api.pets.id
  resource_id         = aws_api_gateway_resource.pets.id
  http_method         = aws_api_gateway_method.post.http_method
  status_code         = "201"
  response_models     = { "application/json" = aws_api_gateway_model.pets.name }
  response_parameters = { "method.response.header.${var.changed ? "b" : "a"}" = true }
}

resource "aws_api_gateway_integration" "post" {
  rest_api_id             = aws_api_gateway_rest_api.pets.id
  resource_id             = aws_api_gateway_resource.pets.id
  http_method             = aws_api_gateway_method.post.http_method
  type                    = "HTTP"
  integration_http_method = var.changed ? "PUT" : "POST"
  uri                     = "http://127.0.0.1:9/${var.changed ? "new" : "old"}"
  timeout_milliseconds    = var.changed ? 50 : 29000
  passthrough_behavior    = var.changed ? "NEVER" : "WHEN_NO_TEMPLATES"
  content_handling        = "CONVERT_TO_TEXT"
  cache_key_parameters    = var.changed ? ["integration.request.header.x"] : []
  request_parameters      = { "integration.request.header.x" = var.changed ? "method.request.header.b" : "'static'" }
  request_templates       = { "application/json" = "{}", "text/${var.changed ? "xml" : "plain"}" = "$input.body" }

  tls_config {
    insecure_skip_verification = var.changed
  }
}

resource "aws_api_gateway_integration_response" "created" {
  rest_api_id         = aws_api_gateway_rest_api.pets.id
  resource_id         = aws_api_gateway_resource.pets.id
  http_method         = aws_api_gateway_method.post.http_method
  status_code         = aws_api_gateway_method_response.created.status_code
  selection_pattern   = var.changed ? "2\\d\\d" : null
  response_templates  = { "application/json" = var.changed ? "" : "{}" }
  response_parameters = { "method.response.header.${var.changed ? "b" : "a"}" = "'x'" }
  depends_on          = [aws_api_gateway_integration.post]
}

resource "aws_api_gateway_method" "get" {
  rest_api_id          = aws_api_gateway_rest_api.pets.id
  resource_id          = aws_api_gateway_resource.pet.id
  http_method          = "GET"
  authorization        = "COGNITO_USER_POOLS"
  authorizer_id        = aws_api_gateway_authorizer.pool.id
  authorization_scopes = var.changed ? ["pets/read", "pets/all"] : ["pets/read", "pets/one"]
  request_parameters   = { "method.request.path.id" = true }
}

resource "aws_api_gateway_integration" "get" {
  rest_api_id             = aws_api_gateway_rest_api.pets.id
  resource_id             = aws_api_gateway_resource.pet.id
  http_method             = aws_api_gateway_method.get.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = local.function
  credentials             = var.changed ? null : "arn:aws:iam::000000000000:role/invoke"
}

resource "aws_api_gateway_vpc_link" "link" {
  name        = "methods-link"
  target_arns = ["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/0123456789abcdef"]
}

resource "aws_api_gateway_method" "any" {
  rest_api_id        = aws_api_gateway_rest_api.pets.id
  resource_id        = aws_api_gateway_resource.rest.id
  http_method        = "ANY"
  authorization      = var.changed ? "NONE" : "AWS_IAM"
  request_parameters = { "method.request.path.proxy" = true }
}

resource "aws_api_gateway_integration" "any" {
  rest_api_id             = aws_api_gateway_rest_api.pets.id
  resource_id             = aws_api_gateway_resource.rest.id
  http_method             = aws_api_gateway_method.any.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "ANY"
  uri                     = "http://127.0.0.1:9/{proxy}"
  connection_type         = var.changed ? "INTERNET" : "VPC_LINK"
  connection_id           = var.changed ? null : aws_api_gateway_vpc_link.link.id
  request_parameters      = { "integration.request.path.proxy" = "method.request.path.proxy" }
}

resource "aws_api_gateway_gateway_response" "throttled" {
  rest_api_id         = aws_api_gateway_rest_api.pets.id
  response_type       = "THROTTLED"
  status_code         = var.changed ? "503" : "429"
  response_templates  = { "application/json" = var.changed ? "{}" : "{\"message\":$context.error.messageString}" }
  response_parameters = var.changed ? {} : { "gatewayresponse.header.Retry-After" = "'1'" }
}

resource "aws_api_gateway_gateway_response" "client_errors" {
  rest_api_id         = aws_api_gateway_rest_api.pets.id
  response_type       = "DEFAULT_4XX"
  response_templates  = { "application/json" = "{\"message\":$context.error.messageString}" }
  response_parameters = { "gatewayresponse.header.Access-Control-Allow-Origin" = var.changed ? "'x'" : "'*'" }
}

data "aws_api_gateway_authorizers" "all" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  depends_on = [
    aws_api_gateway_authorizer.token, aws_api_gateway_authorizer.request, aws_api_gateway_authorizer.pool,
  ]
}

data "aws_api_gateway_authorizer" "pool" {
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  authorizer_id = aws_api_gateway_authorizer.pool.id
}

output "authorizers" {
  value = length(data.aws_api_gateway_authorizers.all.ids)
}
