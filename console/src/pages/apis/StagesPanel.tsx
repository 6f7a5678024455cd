// The stages of an API: where they are called, what they serve, how fast they may be called.
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, useState } from "react";
import { deleteStage, type Resource, type Stage } from "../../api/restApis";
import { ConfirmDelete } from "../../components/ConfirmDelete";
import { ListTable } from "../../components/ListTable";
import { APIS, useNode } from "../../components/queries";
import { Timestamp } from "../../components/Timestamp";
import { useChange } from "../../components/useChange";
import { invokeUrl } from "../../lib/invokeUrl";
import { plural } from "../../lib/numbers";
import { useSession } from "../../shell/SessionProvider";
import { StageThrottles } from "./StageThrottles";

interface StagesPanelProps {
  apiId: string;
  stages: Stage[];
  resources: Resource[];
}

type Opened = { dialog: "throttles" | "delete"; stage: string } | null;

/** What opens the dialog of throttles: what there is, or what can be done. */
const throttlesText = (count: number, mayChange: boolean): string =>
  count === 0 && mayChange ? "Set throttles" : plural(count, "setting");

export function StagesPanel({ apiId, stages, resources }: StagesPanelProps): ReactElement {
  const { mayChange } = useSession();
  const { data: node } = useNode();
  const [opened, setOpened] = useState<Opened>(null);
  const stage = stages.find(({ stageName }) => stageName === opened?.stage);
  const removal = useChange({
    make: (name: string) => deleteStage(apiId, name),
    done: (_, name) => `Stage ${name} is deleted.`,
    shows: [APIS],
    then: () => setOpened(null),
  });
  return (
    <SpaceBetween size="m">
      <ListTable
        title="Stages"
        items={stages}
        rowId={({ stageName }) => stageName}
        empty="The API is not deployed yet: nobody can call it."
        columns={[
          {
            id: "name",
            header: "Stage",
            wide: 100,
            cell: ({ stageName }) => stageName,
            by: ({ stageName }) => stageName,
          },
          {
            id: "url",
            header: "Invoke URL",
            wide: 240,
            cell: ({ stageName }) => (
              <CopyToClipboard
                variant="inline"
                textToCopy={invokeUrl(node, location.hostname, apiId, stageName)}
                copyButtonAriaLabel="Copy the invoke URL"
                copySuccessText="Copied"
                copyErrorText="The browser does not allow copying here"
              />
            ),
          },
          {
            id: "throttles",
            header: "Throttles",
            cell: ({ stageName, methodSettings = {} }) => (
              <Button
                variant="inline-link"
                ariaLabel={`${throttlesText(Object.keys(methodSettings).length, mayChange)} of stage ${stageName}`}
                onClick={() => setOpened({ dialog: "throttles", stage: stageName })}
              >
                {throttlesText(Object.keys(methodSettings).length, mayChange)}
              </Button>
            ),
          },
          { id: "deployment", header: "Deployment", wide: 90, cell: ({ deploymentId }) => deploymentId },
          {
            id: "updated",
            header: "Last changed",
            wide: true,
            cell: ({ lastUpdatedDate }) => <Timestamp millis={lastUpdatedDate * 1000} />,
          },
          ...(mayChange
            ? [
                {
                  id: "delete",
                  header: "Delete",
                  wide: 100,
                  cell: ({ stageName }: Stage) => (
                    <Button
                      variant="inline-link"
                      ariaLabel={`Delete stage ${stageName}`}
                      onClick={() => setOpened({ dialog: "delete", stage: stageName })}
                    >
                      Delete
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
      {opened?.dialog === "throttles" && stage && (
        <StageThrottles apiId={apiId} stage={stage} resources={resources} onClose={() => setOpened(null)} />
      )}
      {opened?.dialog === "delete" && (
        <ConfirmDelete
          what={`stage ${opened.stage}`}
          consequence="Calls to it are refused at once, and the usage plans that cover it no longer do."
          onDelete={() => removal.mutateAsync(opened.stage)}
          onDeleted={() => undefined}
          onDismiss={() => setOpened(null)}
        />
      )}
    </SpaceBetween>
  );
}
