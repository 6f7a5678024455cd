# What every scenario starts with. Where Tollgate listens and who asks come from the environment.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

variable "changed" {
  description = "Whether the configuration is as it is after its change."
  type        = bool
}
