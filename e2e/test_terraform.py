"""Terraform and its AWS provider apply, see no drift, change and destroy. Skipped, loudly, where they are not there."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from terraforming import Terraform, kinds_of_scenarios, live_through, missing, scenarios

#: How many scenarios run at once; each is a process with a provider of its own.
AT_ONCE = 3


@pytest.fixture(scope="module")
def node(starter):
    """A Tollgate that holds nothing but what Terraform makes."""
    if missing():
        warnings.warn(f"SKIPPED: no {missing()} on this machine, so Terraform is not tested", stacklevel=1)
        pytest.skip(f"no {missing()} on this machine")
    return starter()


@pytest.fixture(scope="module")
def terraform(node, tmp_path_factory):
    return Terraform(tmp_path_factory.mktemp("terraform"), node.endpoint_url)


@pytest.fixture(scope="module")
def lives(request, terraform):
    """What became of every scenario that was asked for; all share the node."""
    items = [item for item in request.session.items if item.path == request.path]
    wanted = {item.callspec.params["scenario"] for item in items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = {name: pool.submit(live_through, terraform, name) for name in sorted(wanted)}
        return {name: life.result() for name, life in running.items()}


def test_every_resource_and_data_source_is_in_a_scenario(terraform):
    assert terraform.kinds() == kinds_of_scenarios()


@pytest.mark.parametrize("scenario", scenarios())
def test_a_scenario_applies_without_drift_changes_and_is_destroyed(lives, scenario):
    last = lives[scenario][-1]
    assert (last.command.split()[1], last.code) == ("destroy", 0), f"{last.command}\n{last.said}"


def test_nothing_is_left_behind(lives, node):
    client = node.client()
    left = {
        "apis": client.get_rest_apis()["items"],
        "keys": client.get_api_keys()["items"],
        "plans": client.get_usage_plans()["items"],
        "names": client.get_domain_names()["items"],
        "associations": client.get_domain_name_access_associations()["items"],
        "links": client.get_vpc_links()["items"],
        "certificates": client.get_client_certificates()["items"],
        "role": client.get_account().get("cloudwatchRoleArn", ""),
    }
    assert lives and not any(left.values()), left
    assert "panicked" not in node.log()
