# Domain names of every kind, what they lead to, who may reach the private ones, and a VPC link.

locals {
  certificate = "arn:aws:acm:us-east-1:000000000000:certificate/0000000${var.changed ? 2 : 1}-0000-0000-0000-000000000000"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = var.changed ? "Deny" : "Allow"
      Principal = "*"
      Action    = "execute-api:Invoke"
      Resource  = ["execute-api:/*"]
    }]
  })
}

resource "aws_api_gateway_domain_name" "edge" {
  domain_name     = "edge.names.example.com"
  certificate_arn = local.certificate
  security_policy = var.changed ? "TLS_1_0" : "TLS_1_2"
  tags            = { kind = "edge" }
}

resource "aws_api_gateway_domain_name" "regional" {
  domain_name              = "regional.names.example.com"
  regional_certificate_arn = local.certificate
  security_policy          = "TLS_1_2"

  endpoint_configuration {
    types           = ["REGIONAL"]
    ip_address_type = var.changed ? "dualstack" : "ipv4"
  }

  mutual_tls_authentication {
    truststore_uri     = "s3://names/trust.pem"
    truststore_version = var.changed ? "2" : "1"
  }
}

resource "aws_api_gateway_domain_name" "private" {
  domain_name     = "private.names.example.com"
  certificate_arn = local.certificate
  policy          = local.policy

  endpoint_configuration {
    types = ["PRIVATE"]
  }
}

resource "aws_api_gateway_domain_name_access_association" "private" {
  domain_name_arn                = aws_api_gateway_domain_name.private.arn
  access_association_source      = "vpce-0123456789abcdef${var.changed ? 1 : 0}"
  access_association_source_type = "VPCE"
  tags                           = { of = "names" }
}

resource "aws_api_gateway_rest_api" "pets" {
  name = "names-pets"
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
  rest_api_id = aws_api_gateway_rest_api.pets.id
  depends_on  = [aws_api_gateway_integration.get]
}

resource "aws_api_gateway_stage" "pets" {
  for_each      = toset(["dev", "prod"])
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  deployment_id = aws_api_gateway_deployment.pets.id
  stage_name    = each.key
}

resource "aws_api_gateway_base_path_mapping" "empty" {
  domain_name = aws_api_gateway_domain_name.edge.domain_name
  api_id      = aws_api_gateway_rest_api.pets.id
  stage_name  = aws_api_gateway_stage.pets[var.changed ? "prod" : "dev"].stage_name
}

resource "aws_api_gateway_base_path_mapping" "v1" {
  domain_name = aws_api_gateway_domain_name.regional.domain_name
  base_path   = var.changed ? "v2" : "v1"
  api_id      = aws_api_gateway_rest_api.pets.id
  stage_name  = aws_api_gateway_stage.pets["prod"].stage_name
}

resource "aws_api_gateway_base_path_mapping" "private" {
  domain_name    = aws_api_gateway_domain_name.private.domain_name
  domain_name_id = aws_api_gateway_domain_name.private.domain_name_id
  base_path      = "pets"
  api_id         = aws_api_gateway_rest_api.pets.id
  stage_name     = aws_api_gateway_stage.pets["dev"].stage_name
}

resource "aws_api_gateway_vpc_link" "link" {
  name        = var.changed ? "names-link-2" : "names-link"
  description = var.changed ? "changed" : "new"
  target_arns = ["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/names/0123456789abcdef"]
  tags        = { link = var.changed ? "changed" : "new" }
}

data "aws_api_gateway_domain_name" "regional" {
  domain_name = aws_api_gateway_domain_name.regional.domain_name
}

data "aws_api_gateway_vpc_link" "link" {
  name = aws_api_gateway_vpc_link.link.name
}

output "regional_domain_name" {
  value = data.aws_api_gateway_domain_name.regional.regional_domain_name
}

output "link" {
  value = data.aws_api_gateway_vpc_link.link.status
}
