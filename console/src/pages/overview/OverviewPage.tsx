// What goes on: traffic now, who calls most, who is near a quota, and what is wrong.
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Grid from "@cloudscape-design/components/grid";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { useNavigate } from "react-router";
import { getBusiest, listNearQuota } from "../../api/operator";
import { ListTable } from "../../components/ListTable";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { useApis, usePlans } from "../../components/queries";
import { signedCurl } from "../../lib/cli";
import { count } from "../../lib/numbers";
import { useSession } from "../../shell/SessionProvider";
import { FindingList } from "./FindingList";
import { LiveTraffic } from "./LiveTraffic";
import { NodeList } from "./NodeList";

const EVERY = 10_000;

export default function OverviewPage(): ReactElement {
  const busiest = useQuery({ queryKey: ["busiest"], queryFn: getBusiest, refetchInterval: EVERY });
  const near = useQuery({ queryKey: ["near-quota"], queryFn: listNearQuota, refetchInterval: EVERY });
  const today = `Today, ${busiest.data?.day ?? ""} (UTC)`;
  return (
    <Page title="Overview" commands={["traffic", "findings", "nodes", "busiest", "near-quota"].map(signedCurl)}>
      <EmptyHint />
      <LiveTraffic />
      <FindingList />
      <NodeList />
      <Grid gridDefinition={[{ colspan: { default: 12, m: 6 } }, { colspan: { default: 12, m: 6 } }]}>
        <ListTable
          title="Busiest plans"
          description={today}
          items={busiest.data?.plans}
          error={busiest.error}
          rowId={(plan) => plan.usagePlanId}
          empty="No calls under a plan today."
          columns={[
            {
              id: "plan",
              header: "Plan",
              cell: (plan) => (
                <PageLink to={`/usage-plans/${plan.usagePlanId}?tab=usage`}>{plan.name ?? plan.usagePlanId}</PageLink>
              ),
            },
            { id: "calls", header: "Calls", cell: (plan) => count(plan.calls) },
            { id: "keys", header: "Keys", cell: (plan) => count(plan.keys) },
          ]}
        />
        <ListTable
          title="Busiest keys"
          description={today}
          items={busiest.data?.keys}
          error={busiest.error}
          rowId={(key) => `${key.usagePlanId} ${key.keyId}`}
          empty="No calls with a key today."
          columns={[
            {
              id: "key",
              header: "Key",
              cell: (key) => (
                <PageLink to={`/usage?plan=${key.usagePlanId}&key=${key.keyId}`}>{key.name ?? key.keyId}</PageLink>
              ),
            },
            { id: "plan", header: "Plan", cell: (key) => key.planName ?? key.usagePlanId },
            { id: "calls", header: "Calls", cell: (key) => count(key.calls) },
          ]}
        />
      </Grid>
      <ListTable
        title="Keys near their quota"
        description="Keys that have used 80 % or more of their period."
        items={near.data}
        error={near.error}
        rowId={(key) => `${key.usagePlanId} ${key.keyId}`}
        empty="No key is near its quota."
        columns={[
          {
            id: "key",
            header: "Key",
            cell: (key) => (
              <PageLink to={`/usage?plan=${key.usagePlanId}&key=${key.keyId}`}>{key.name ?? key.keyId}</PageLink>
            ),
          },
          { id: "plan", header: "Plan", cell: (key) => key.planName },
          {
            id: "used",
            header: "Used",
            wide: true,
            cell: (key) => (
              <ProgressBar
                value={key.limit === 0 ? 100 : (100 * key.used) / key.limit}
                ariaLabel={`Quota of ${key.name ?? key.keyId}`}
                additionalInfo={`${count(key.used)} of ${count(key.limit)} per ${key.period.toLowerCase()}`}
              />
            ),
          },
          { id: "resets", header: "Resets (UTC)", cell: (key) => key.resetsOn },
        ]}
      />
    </Page>
  );
}

/** An empty console leads to the guided way. */
function EmptyHint(): ReactElement | null {
  const { mayChange } = useSession();
  const navigate = useNavigate();
  const { data: apis } = useApis();
  const { data: plans } = usePlans();
  if (!mayChange || apis?.length !== 0 || plans?.length !== 0) return null;
  return (
    <Alert
      header="Nothing is set up yet"
      action={<Button onClick={() => void navigate("/first-run")}>Set up an API</Button>}
    >
      In four steps: an API before your backend, a stage, a usage plan, and the first key.
    </Alert>
  );
}
