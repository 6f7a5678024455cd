# What an API itself can be told: endpoint, policy, compression, binary types, where its keys come from, tags.

locals {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = var.changed ? "Deny" : "Allow"
      Principal = { AWS = "*" }
      Action    = "execute-api:Invoke"
      Resource  = "*"
    }]
  })
}

resource "aws_api_gateway_rest_api" "full" {
  name                         = var.changed ? "apis-full-2" : "apis-full"
  description                  = var.changed ? "changed" : "new"
  api_key_source               = var.changed ? "AUTHORIZER" : "HEADER"
  binary_media_types           = var.changed ? ["image/png", "*/*"] : ["application/octet-stream", "image/png"]
  minimum_compression_size     = var.changed ? 0 : 1024
  disable_execute_api_endpoint = var.changed
  policy                       = local.policy
  tags                         = var.changed ? { kept = "b", new = "c" } : { kept = "a", gone = "x" }

  endpoint_configuration {
    types = [var.changed ? "REGIONAL" : "EDGE"]
  }
}

# What is told at first is taken back.
resource "aws_api_gateway_rest_api" "plainer" {
  name                     = "apis-plainer"
  description              = var.changed ? null : "d"
  minimum_compression_size = var.changed ? null : 5
  binary_media_types       = var.changed ? [] : ["image/jpeg"]
}

resource "aws_api_gateway_rest_api" "private" {
  name = "apis-private"

  endpoint_configuration {
    types            = ["PRIVATE"]
    vpc_endpoint_ids = var.changed ? ["vpce-2", "vpce-3"] : ["vpce-1", "vpce-2"]
  }
}

resource "aws_api_gateway_rest_api_policy" "private" {
  rest_api_id = aws_api_gateway_rest_api.private.id
  policy      = local.policy
}
