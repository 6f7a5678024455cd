# An API that is imported from an OpenAPI document, whose document changes; and documents put over an API by hand.

locals {
  document = {
    openapi = "3.0.1"
    info    = { title = "body-pets", version = var.changed ? "2" : "1" }
    paths = {
      (var.changed ? "/dogs" : "/cats") = {
        get = {
          parameters = [{ name = "age", in = "query", required = true, schema = { type = "integer" } }]
          responses  = { "200" = { description = "what was asked for" } }
          security   = [{ api_key = [] }]
          x-amazon-apigateway-integration = {
            type       = "HTTP_PROXY"
            httpMethod = "GET"
            uri        = "http://127.0.0.1:9/${var.changed ? "dogs" : "cats"}"
          }
        }
      }
    }
    components = {
      securitySchemes = { api_key = { type = "apiKey", name = "x-api-key", in = "header" } }
      schemas         = { Pet = { type = "object", properties = { name = { type = "string" } } } }
    }
  }
}

resource "aws_api_gateway_rest_api" "pets" {
  name               = "body-pets"
  description        = var.changed ? "dogs" : "cats"
  body               = jsonencode(local.document)
  binary_media_types = ["image/png"]

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_deployment" "pets" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  triggers    = { body = sha1(aws_api_gateway_rest_api.pets.body) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  deployment_id = aws_api_gateway_deployment.pets.id
  stage_name    = "live"
}

# A document in YAML that is merged into an API which has something of its own.
resource "aws_api_gateway_rest_api" "merged" {
  name              = "body-merged"
  put_rest_api_mode = "merge"
  body = yamlencode({
    swagger  = "2.0"
    info     = { title = "body-merged", version = "1" }
    basePath = "/v1"
    schemes  = ["https"]
    paths = {
      "/pets" = {
        (var.changed ? "post" : "get") = {
          responses                       = { "200" = { description = "OK" } }
          x-amazon-apigateway-integration = { type = "mock", requestTemplates = { "application/json" = "{\"statusCode\": 200}" } }
        }
      }
    }
  })
  parameters = { basepath = "prepend" }
}

resource "aws_api_gateway_rest_api" "by_hand" {
  name = "body-by-hand"

  # What a document is put over shows another's settings.
  lifecycle {
    ignore_changes = [description, binary_media_types, policy]
  }
}

resource "aws_api_gateway_rest_api_put" "by_hand" {
  rest_api_id      = aws_api_gateway_rest_api.by_hand.id
  fail_on_warnings = true
  body             = jsonencode(merge(local.document, { info = { title = "body-by-hand", version = "1" } }))
  triggers         = { changed = var.changed }
}

data "aws_api_gateway_rest_api" "pets" {
  name = aws_api_gateway_rest_api.pets.name
}

data "aws_api_gateway_resource" "pets" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  path        = var.changed ? "/dogs" : "/cats"
}

data "aws_api_gateway_export" "pets" {
  rest_api_id = aws_api_gateway_stage.live.rest_api_id
  stage_name  = aws_api_gateway_stage.live.stage_name
  export_type = "oas30"
  parameters  = { extensions = "apigateway" }
  accepts     = "application/json"
}

data "aws_api_gateway_sdk" "pets" {
  rest_api_id = aws_api_gateway_stage.live.rest_api_id
  stage_name  = aws_api_gateway_stage.live.stage_name
  sdk_type    = "javascript"
}

output "paths" {
  value = keys(jsondecode(data.aws_api_gateway_export.pets.body).paths)
}

output "same_api" {
  value = data.aws_api_gateway_rest_api.pets.id == aws_api_gateway_rest_api.pets.id
}
