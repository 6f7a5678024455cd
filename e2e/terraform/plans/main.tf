# Plans with several stages, throttles of methods, a quota whose period changes, and keys that move between plans.

resource "aws_api_gateway_rest_api" "pets" {
  name = "plans-pets"
}

resource "aws_api_gateway_resource" "pets" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  parent_id   = aws_api_gateway_rest_api.pets.root_resource_id
  path_part   = "pets"
}

resource "aws_api_gateway_method" "get" {
  for_each = {
    "/"     = aws_api_gateway_rest_api.pets.root_resource_id
    "/pets" = aws_api_gateway_resource.pets.id
  }
  rest_api_id      = aws_api_gateway_rest_api.pets.id
  resource_id      = each.value
  http_method      = "GET"
  authorization    = "NONE"
  api_key_required = true
}

resource "aws_api_gateway_integration" "get" {
  for_each                = aws_api_gateway_method.get
  rest_api_id             = aws_api_gateway_rest_api.pets.id
  resource_id             = each.value.resource_id
  http_method             = each.value.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "GET"
  uri                     = "http://127.0.0.1:9/pets"
}

resource "aws_api_gateway_deployment" "pets" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  depends_on  = [aws_api_gateway_integration.get]
}

resource "aws_api_gateway_stage" "pets" {
  for_each      = toset(["dev", "test", "prod"])
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  deployment_id = aws_api_gateway_deployment.pets.id
  stage_name    = each.key
}

resource "aws_api_gateway_usage_plan" "gold" {
  name         = "plans-gold"
  description  = var.changed ? null : "the best"
  product_code = var.changed ? "OTHERCODE" : "MYCODE"

  dynamic "api_stages" {
    for_each = var.changed ? ["dev", "prod"] : ["dev", "test"]
    content {
      api_id = aws_api_gateway_rest_api.pets.id
      stage  = aws_api_gateway_stage.pets[api_stages.value].stage_name
      dynamic "throttle" {
        for_each = var.changed ? ["/pets/GET", "*/*"] : ["/pets/GET", "//GET", "*/*"]
        content {
          path        = throttle.value
          rate_limit  = var.changed ? 0.1 : 5
          burst_limit = 2
        }
      }
    }
  }

  quota_settings {
    limit  = 20
    offset = var.changed ? 3 : 0
    period = var.changed ? "WEEK" : "DAY"
  }

  throttle_settings {
    rate_limit  = var.changed ? 12.5 : 0.5
    burst_limit = 5
  }

  tags = { tier = var.changed ? "first" : "gold" }
}

# The limits of this one come and go, which takes `replace` where there was nothing.
resource "aws_api_gateway_usage_plan" "silver" {
  name = "plans-silver"

  api_stages {
    api_id = aws_api_gateway_rest_api.pets.id
    stage  = aws_api_gateway_stage.pets[var.changed ? "test" : "prod"].stage_name
  }

  dynamic "quota_settings" {
    for_each = var.changed ? [1000] : []
    content {
      limit  = quota_settings.value
      offset = 27
      period = "MONTH"
    }
  }

  dynamic "throttle_settings" {
    for_each = var.changed ? [] : [1]
    content {
      rate_limit  = throttle_settings.value
      burst_limit = 1
    }
  }
}

resource "aws_api_gateway_api_key" "joe" {
  name        = "plans-joe"
  description = var.changed ? "has moved" : "before the move"
  customer_id = var.changed ? null : "c-0"
  enabled     = !var.changed
  tags        = { owner = "joe" }
}

resource "aws_api_gateway_api_key" "ann" {
  name        = var.changed ? "plans-anne" : "plans-ann"
  value       = "plans-ann-0123456789-0123456789"
  customer_id = "c-1"
}

resource "aws_api_gateway_usage_plan_key" "joe" {
  key_id        = aws_api_gateway_api_key.joe.id
  key_type      = "API_KEY"
  usage_plan_id = var.changed ? aws_api_gateway_usage_plan.silver.id : aws_api_gateway_usage_plan.gold.id
}

resource "aws_api_gateway_usage_plan_key" "ann" {
  key_id        = aws_api_gateway_api_key.ann.id
  key_type      = "API_KEY"
  usage_plan_id = var.changed ? aws_api_gateway_usage_plan.gold.id : aws_api_gateway_usage_plan.silver.id
}

data "aws_api_gateway_api_key" "ann" {
  id = aws_api_gateway_api_key.ann.id
}

data "aws_api_gateway_api_keys" "of_ann" {
  customer_id    = "c-1"
  include_values = true
  depends_on     = [aws_api_gateway_api_key.ann]
}

output "ann" {
  value     = data.aws_api_gateway_api_key.ann.value
  sensitive = true
}

output "keys_of_ann" {
  value     = [for key in data.aws_api_gateway_api_keys.of_ann.items : key.value]
  sensitive = true
}
