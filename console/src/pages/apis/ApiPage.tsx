// One API: its resources and methods, its stages, and a call to try.
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { deleteRestApi, getRestApi, listResources, listStages } from "../../api/restApis";
import { ConfirmDelete } from "../../components/ConfirmDelete";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";
import { APIS, useNode } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { useSession } from "../../shell/SessionProvider";
import { apiCommands } from "./apiCommands";
import { DeployDialog } from "./DeployDialog";
import { ResourcesPanel } from "./ResourcesPanel";
import { StagesPanel } from "./StagesPanel";
import { TryPanel } from "./TryPanel";

const TRAIL = [{ text: "APIs", to: "/apis" }];

export default function ApiPage(): ReactElement {
  const { apiId = "" } = useParams();
  const { mayChange } = useSession();
  const navigate = useNavigate();
  const [parameters, setParameters] = useSearchParams();
  const [opened, setOpened] = useState<"deploy" | "delete" | null>(null);
  const api = useQuery({ queryKey: [...APIS, apiId], queryFn: () => getRestApi(apiId) });
  const resources = useQuery({ queryKey: [...APIS, apiId, "resources"], queryFn: () => listResources(apiId) });
  const stages = useQuery({ queryKey: [...APIS, apiId, "stages"], queryFn: () => listStages(apiId) });
  const removal = useChange({
    make: () => deleteRestApi(apiId),
    done: () => `API ${api.data?.name ?? apiId} is deleted.`,
    shows: [
      [...APIS, "list"],
      [...APIS, "stages"],
    ],
    then: () => void navigate("/apis"),
  });
  const error = api.error ?? resources.error ?? stages.error;
  const tab = parameters.get("tab") ?? "resources";
  const { data: node } = useNode();
  const commands = apiCommands({ apiId, resources: resources.data ?? [], stages: stages.data ?? [], node }, tab);
  return (
    <Page
      title={api.data?.name ?? apiId}
      trail={TRAIL}
      description={api.data?.description}
      commands={commands}
      actions={
        mayChange && (
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={() => setOpened("delete")}>Delete</Button>
            <Button variant="primary" onClick={() => setOpened("deploy")}>
              Deploy API
            </Button>
          </SpaceBetween>
        )
      }
    >
      <ErrorAlert error={error} />
      {resources.data && stages.data ? (
        <Tabs
          ariaLabel="Parts of the API"
          activeTabId={tab}
          onChange={({ detail }) => setParameters({ tab: detail.activeTabId }, { replace: true })}
          tabs={[
            {
              id: "resources",
              label: "Resources",
              content: <ResourcesPanel apiId={apiId} resources={resources.data} />,
            },
            {
              id: "stages",
              label: `Stages (${stages.data.length})`,
              content: <StagesPanel apiId={apiId} stages={stages.data} resources={resources.data} />,
            },
            ...(mayChange
              ? [
                  {
                    id: "try",
                    label: "Try it",
                    content: <TryPanel apiId={apiId} stages={stages.data} resources={resources.data} />,
                  },
                ]
              : []),
          ]}
        />
      ) : (
        error === null && <Loading />
      )}
      {opened === "deploy" && <DeployDialog apiId={apiId} stages={stages.data ?? []} onClose={() => setOpened(null)} />}
      {opened === "delete" && (
        <ConfirmDelete
          what={`API ${api.data?.name ?? apiId}`}
          consequence="Its stages are gone at once, also from the usage plans that cover them, and calls to them are refused."
          onDelete={() => removal.mutateAsync()}
          onDeleted={() => undefined}
          onDismiss={() => setOpened(null)}
        />
      )}
    </Page>
  );
}
