"""Terraform and its AWS provider apply, see no drift, change and destroy. Skipped, loudly, where they are not there."""

import os
import pathlib
import shutil
import subprocess
import warnings

import pytest

from harness import ACCESS_KEY_ID, SECRET_ACCESS_KEY

#: Folders in which a machine may keep providers, for Terraform to use without a registry.
MIRRORS = [os.environ.get("TOLLGATE_TF_PLUGINS", ""), "/opt/tf-plugins", "/usr/local/share/terraform/plugins"]

CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "%(access_key)s"
  secret_key                  = "%(secret_key)s"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints { apigateway = "%(endpoint)s" }
}
resource "aws_api_gateway_rest_api" "pets" { name = "pets" }
resource "aws_api_gateway_resource" "pets" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  parent_id   = aws_api_gateway_rest_api.pets.root_resource_id
  path_part   = "pets"
}
resource "aws_api_gateway_method" "get" {
  rest_api_id      = aws_api_gateway_rest_api.pets.id
  resource_id      = aws_api_gateway_resource.pets.id
  http_method      = "GET"
  authorization    = "NONE"
  api_key_required = true
}
resource "aws_api_gateway_integration" "get" {
  rest_api_id             = aws_api_gateway_rest_api.pets.id
  resource_id             = aws_api_gateway_resource.pets.id
  http_method             = aws_api_gateway_method.get.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "GET"
  uri                     = "http://127.0.0.1:9/pets"
}
resource "aws_api_gateway_deployment" "first" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  depends_on  = [aws_api_gateway_integration.get]
}
resource "aws_api_gateway_stage" "stage" {
  for_each      = toset(["dev", "prod"])
  rest_api_id   = aws_api_gateway_rest_api.pets.id
  deployment_id = aws_api_gateway_deployment.first.id
  stage_name    = each.key
}
resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.pets.id
  stage_name  = aws_api_gateway_stage.stage["dev"].stage_name
  method_path = "*/*"
  settings {
    throttling_rate_limit  = 100
    throttling_burst_limit = 50
  }
}
resource "aws_api_gateway_usage_plan" "gold" {
  name         = "gold"
  product_code = "MYCODE"
  dynamic "api_stages" {
    for_each = aws_api_gateway_stage.stage
    content {
      api_id = aws_api_gateway_rest_api.pets.id
      stage  = api_stages.value.stage_name
      dynamic "throttle" {
        for_each = ["/pets/GET", "//GET", "*/*"]
        content {
          path        = throttle.value
          rate_limit  = 5
          burst_limit = 2
        }
      }
    }
  }
  quota_settings {
    limit  = 20
    offset = %(offset)s
    period = "%(period)s"
  }
  throttle_settings {
    rate_limit  = 0.5
    burst_limit = 5
  }
}
resource "aws_api_gateway_api_key" "joe" { name = "joe" }
resource "aws_api_gateway_usage_plan_key" "joe" {
  key_id        = aws_api_gateway_api_key.joe.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.gold.id
}
"""


@pytest.fixture
def terraform(tmp_path):
    program = shutil.which("terraform")
    mirror = next((path for path in MIRRORS if path and pathlib.Path(path).is_dir()), None)
    if not program or not mirror:
        missing = "terraform" if not program else "a folder with its AWS provider"
        warnings.warn(f"SKIPPED: no {missing} on this machine, so Terraform is not tested", stacklevel=1)
        pytest.skip(f"no {missing} on this machine")
    settings = tmp_path / "terraformrc"
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(settings), "TF_IN_AUTOMATION": "1"}

    def run(*arguments):
        command = [program, *arguments, "-no-color"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
        return done.returncode, done.stdout + done.stderr

    return run


def test_terraform_applies_sees_no_drift_changes_and_destroys(terraform, tollgate, tmp_path):
    def configure(period, offset):
        values = {
            "access_key": ACCESS_KEY_ID,
            "secret_key": SECRET_ACCESS_KEY,
            "endpoint": tollgate.endpoint_url,
            "period": period,
            "offset": offset,
        }
        (tmp_path / "main.tf").write_text(CONFIGURATION % values)

    def succeed(*arguments):
        code, said = terraform(*arguments)
        assert code == 0, said

    configure("DAY", 0)
    succeed("init")
    succeed("apply", "-auto-approve")
    succeed("plan", "-detailed-exitcode")
    configure("WEEK", 3)
    assert terraform("plan", "-detailed-exitcode")[0] == 2
    succeed("apply", "-auto-approve")
    succeed("plan", "-detailed-exitcode")
    succeed("destroy", "-auto-approve")
    plans = tollgate.client().get_usage_plans()["items"]
    assert not [plan for plan in plans if plan["name"] == "gold" and plan.get("productCode") == "MYCODE"]
