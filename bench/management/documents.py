"""What is timed without a bar: operations on whole documents, which take as long as their document is."""

from population import STAGE, document, imported

PART = '{"location": {"type": "API"}, "properties": {"description": "all"}}'


def whole_documents(timed, population, number):
    api, resources = {"restApiId": population.apis[number]}, population.size.resources
    made = timed.import_rest_api(body=document("imported", resources).encode())["id"]
    timed.put_rest_api(restApiId=made, mode="overwrite", body=document("again", resources).encode())
    timed.import_documentation_parts(restApiId=made, body=f'{{"documentationParts": [{PART}]}}'.encode())
    timed.client.delete_rest_api(restApiId=made)
    timed.get_export(**api, stageName=STAGE, exportType="oas30")["body"].read()
    timed.get_sdk(**api, stageName=STAGE, sdkType="javascript")["body"].read()
    key = timed.import_api_keys(body=f"Name,Key\none,one-of-many-imported-{number}\n".encode(), format="csv")
    timed.client.delete_api_key(apiKey=key["ids"][0])


def large_api(client, resources):
    """An API of as many resources, deployed once, so that a new deployment replaces what calls read."""
    api = imported(client, "large", resources)
    client.create_deployment(restApiId=api, stageName=STAGE)
    return api


def large_deployment(timed, api):
    """Deploys it to its stage, and takes the deployment before away."""
    before = timed.client.get_stage(restApiId=api, stageName=STAGE)["deploymentId"]
    timed.create_deployment(restApiId=api, stageName=STAGE)
    timed.client.delete_deployment(restApiId=api, deploymentId=before)
