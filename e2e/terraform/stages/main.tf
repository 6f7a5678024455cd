# Stages with all that they can have: settings of methods, logs, a canary, a cache, variables, a certificate, a version
# of the documentation. One is made anew under another name.

resource "aws_api_gateway_rest_api" "pets" {
  name = "stages-pets"
}

resource "aws_api_gateway_method" "get" {
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  resource_id   = aws_api_gateway_rest_api.pets.root_resource_id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "get" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  resource_id = aws_api_gateway_rest_api.pets.root_resource_id
  http_method = aws_api_gateway_method.get.http_method
  type        = "MOCK"
}

resource "aws_api_gateway_deployment" "pets" {
  for_each    = toset(["first", "second"])
  rest_api_id = aws_api_gateway_rest_api.pets.id
  description = "${each.key}${var.changed ? ", changed" : ""}"
  depends_on  = [aws_api_gateway_integration.get]
}

resource "aws_api_gateway_client_certificate" "ours" {
  description = var.changed ? "stages: ours, renamed" : "stages: ours"
  tags        = var.changed ? {} : { of = "us" }
}

resource "aws_api_gateway_documentation_part" "api" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  location {
    type = "API"
  }
  properties = jsonencode({ description = var.changed ? "All pets" : "Pets" })
}

resource "aws_api_gateway_documentation_part" "method" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  location {
    type   = "METHOD"
    method = "GET"
    path   = "/"
  }
  properties = jsonencode({ summary = "Gets them" })
}

resource "aws_api_gateway_documentation_version" "pets" {
  for_each    = toset(["v1", "v2"])
  rest_api_id = aws_api_gateway_rest_api.pets.id
  version     = each.key
  description = var.changed ? "changed" : "new"
  depends_on  = [aws_api_gateway_documentation_part.api, aws_api_gateway_documentation_part.method]
}

resource "aws_api_gateway_stage" "full" {
  rest_api_id           = aws_api_gateway_rest_api.pets.id
  deployment_id         = aws_api_gateway_deployment.pets[var.changed ? "second" : "first"].id
  stage_name            = "full"
  description           = var.changed ? null : "all there is"
  cache_cluster_enabled = true
  cache_cluster_size    = var.changed ? "1.6" : "0.5"
  client_certificate_id = var.changed ? null : aws_api_gateway_client_certificate.ours.id
  documentation_version = aws_api_gateway_documentation_version.pets[var.changed ? "v2" : "v1"].version
  xray_tracing_enabled  = !var.changed
  variables             = var.changed ? { kept = "changed", new = "x" } : { kept = "a/b?c=d", gone = "y" }
  tags                  = { stage = var.changed ? "changed" : "new" }

  access_log_settings {
    destination_arn = "arn:aws:logs:us-east-1:000000000000:log-group:pets"
    format          = "$context.requestId${var.changed ? " $context.status" : ""}"
  }

  canary_settings {
    deployment_id            = aws_api_gateway_deployment.pets[var.changed ? "first" : "second"].id
    percent_traffic          = var.changed ? 12.5 : 50
    stage_variable_overrides = var.changed ? { new = "z" } : { kept = "canary" }
    use_stage_cache          = var.changed
  }
}

# Its canary and its logs go.
resource "aws_api_gateway_stage" "plainer" {
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  deployment_id = aws_api_gateway_deployment.pets["first"].id
  stage_name    = "plainer"

  dynamic "access_log_settings" {
    for_each = var.changed ? [] : ["$context.extendedRequestId"]
    content {
      destination_arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-pets"
      format          = access_log_settings.value
    }
  }

  dynamic "canary_settings" {
    for_each = var.changed ? [] : [10]
    content {
      deployment_id   = aws_api_gateway_deployment.pets["second"].id
      percent_traffic = canary_settings.value
    }
  }
}

resource "aws_api_gateway_stage" "recreated" {
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  deployment_id = aws_api_gateway_deployment.pets["first"].id
  stage_name    = var.changed ? "recreated-2" : "recreated"
}

resource "aws_api_gateway_usage_plan" "recreated" {
  name = "stages-recreated"
  api_stages {
    api_id = aws_api_gateway_rest_api.pets.id
    stage  = aws_api_gateway_stage.recreated.stage_name
  }

  # A stage that goes takes its place in a plan with it, on AWS too.
  lifecycle {
    replace_triggered_by = [aws_api_gateway_stage.recreated.id]
  }
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  stage_name  = aws_api_gateway_stage.full.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = var.changed ? "ERROR" : "INFO"
    data_trace_enabled     = !var.changed
    throttling_rate_limit  = var.changed ? 0.5 : 100
    throttling_burst_limit = var.changed ? 1 : 50
  }
}

resource "aws_api_gateway_method_settings" "root" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  stage_name  = aws_api_gateway_stage.full.stage_name
  method_path = "~1/GET"
  depends_on  = [aws_api_gateway_method_settings.all]

  settings {
    caching_enabled                            = true
    cache_ttl_in_seconds                       = var.changed ? 3600 : 0
    cache_data_encrypted                       = var.changed
    require_authorization_for_cache_control    = !var.changed
    unauthorized_cache_control_header_strategy = var.changed ? "FAIL_WITH_403" : "SUCCEED_WITHOUT_RESPONSE_HEADER"
    throttling_rate_limit                      = -1
    throttling_burst_limit                     = -1
  }
}

resource "aws_api_gateway_account" "ours" {
  cloudwatch_role_arn = "arn:aws:iam::000000000000:role/${var.changed ? "logs-2" : "logs"}"
  reset_on_delete     = true
}
