// The stages that a plan covers, with the limits of single methods.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Popover from "@cloudscape-design/components/popover";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { type ReactElement, useState } from "react";
import type { Finding } from "../../api/operator";
import { add, remove } from "../../api/patch";
import { type ApiStage, type UsagePlan, updateUsagePlan } from "../../api/usagePlans";
import { ConfirmDelete } from "../../components/ConfirmDelete";
import { Dialog } from "../../components/Dialog";
import { ListTable } from "../../components/ListTable";
import { PageLink } from "../../components/PageLink";
import { PLANS, useApis } from "../../components/queries";
import { type PickedStage, StagePicker, stageValue } from "../../components/StagePicker";
import { useChange } from "../../components/useChange";
import { plural } from "../../lib/numbers";
import { useSession } from "../../shell/SessionProvider";
import { MethodThrottles } from "./MethodThrottles";

type OpenStage = Extract<Finding, { kind: "StageWithOpenMethods" }>;

type Opened = { dialog: "add" } | { dialog: "remove" | "throttles"; stage: ApiStage } | null;

/** What opens the dialog of method throttles: what there is, or what can be done. */
const throttlesText = ({ throttle = {} }: ApiStage, mayChange: boolean): string => {
  const methods = Object.keys(throttle).length;
  return methods === 0 && mayChange ? "Set throttles" : plural(methods, "method");
};

export function PlanStages({ plan, open }: { plan: UsagePlan; open: OpenStage[] }): ReactElement {
  const { session, mayChange } = useSession();
  const { data: apis = [] } = useApis();
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  const apiName = (id: string): string => apis.find((api) => api.id === id)?.name ?? id;
  const openMethods = (stage: ApiStage): OpenStage | undefined =>
    open.find((found) => found.apiId === stage.apiId && found.stage === stage.stage);
  return (
    <SpaceBetween size="m">
      {open.length > 0 && (
        <Alert type="warning" header="Some methods do not require an API key">
          Calls of these methods pass without a key: the plan neither limits nor counts them. Require a key on each, and
          deploy the API again.
        </Alert>
      )}
      <ListTable
        title="API stages"
        items={plan.apiStages ?? []}
        rowId={stageValue}
        text={(stage) => `${apiName(stage.apiId)} ${stage.stage}`}
        actions={mayChange && <Button onClick={() => setOpened({ dialog: "add" })}>Add API stage</Button>}
        empty="The plan covers no stage: its keys may call nothing."
        columns={[
          {
            id: "api",
            header: "API",
            by: (stage) => apiName(stage.apiId),
            cell: (stage) =>
              session.role === "key-issuer" ? (
                apiName(stage.apiId)
              ) : (
                <PageLink to={`/apis/${stage.apiId}`}>{apiName(stage.apiId)}</PageLink>
              ),
          },
          { id: "stage", header: "Stage", by: (stage) => stage.stage, cell: (stage) => stage.stage },
          { id: "keys", header: "Keys", wide: true, cell: (stage) => <KeyRequirement found={openMethods(stage)} /> },
          {
            id: "throttles",
            header: "Method throttles",
            cell: (stage) => (
              <Button
                variant="inline-link"
                ariaLabel={`${throttlesText(stage, mayChange)} of ${apiName(stage.apiId)} ${stage.stage}`}
                onClick={() => setOpened({ dialog: "throttles", stage })}
              >
                {throttlesText(stage, mayChange)}
              </Button>
            ),
          },
          ...(mayChange
            ? [
                {
                  id: "remove",
                  header: "Remove",
                  cell: (stage: ApiStage) => (
                    <Button
                      variant="inline-link"
                      ariaLabel={`Remove ${apiName(stage.apiId)} ${stage.stage}`}
                      onClick={() => setOpened({ dialog: "remove", stage })}
                    >
                      Remove
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
      {opened?.dialog === "add" && <AddStage plan={plan} onClose={close} />}
      {opened?.dialog === "throttles" && <MethodThrottles plan={plan} stage={opened.stage} onClose={close} />}
      {opened?.dialog === "remove" && <RemoveStage plan={plan} stage={opened.stage} onClose={close} />}
    </SpaceBetween>
  );
}

/** The exclamation mark of the AWS console: methods that pass without a key. */
function KeyRequirement({ found }: { found: OpenStage | undefined }): ReactElement {
  if (found === undefined) return <StatusIndicator type="success">Required by every method</StatusIndicator>;
  return (
    <Popover
      header="Pass without a key"
      content={
        <SpaceBetween size="xxs">
          {found.methods.slice(0, 12).map((method) => (
            <Box key={method} variant="code">
              {method}
            </Box>
          ))}
        </SpaceBetween>
      }
    >
      <StatusIndicator type="warning">
        {found.all ? "Required by no method" : `Not required by ${plural(found.methods.length, "method")}`}
      </StatusIndicator>
    </Popover>
  );
}

function AddStage({ plan, onClose }: { plan: UsagePlan; onClose: () => void }): ReactElement {
  const [picked, setPicked] = useState<PickedStage | null>(null);
  const adding = useChange({
    make: (stage: PickedStage) => updateUsagePlan(plan.id, [add("/apiStages", stageValue(stage))]),
    done: (_, stage) => `The plan covers stage ${stage.stage} now.`,
    shows: [PLANS],
    then: onClose,
  });
  return (
    <Dialog
      title="Add API stage"
      submit="Add"
      disabled={picked === null}
      pending={adding.isPending}
      error={null}
      onSubmit={() => picked && adding.mutate(picked)}
      onDismiss={onClose}
    >
      <FormField label="API stage" errorText={adding.error?.message}>
        <StagePicker ariaLabel="API stage" picked={picked} onPick={setPicked} except={plan.apiStages ?? []} />
      </FormField>
    </Dialog>
  );
}

function RemoveStage({
  plan,
  stage,
  onClose,
}: {
  plan: UsagePlan;
  stage: ApiStage;
  onClose: () => void;
}): ReactElement {
  const removing = useChange({
    make: () => updateUsagePlan(plan.id, [remove("/apiStages", stageValue(stage))]),
    done: () => `The plan no longer covers stage ${stage.stage}.`,
    shows: [PLANS],
    then: onClose,
  });
  return (
    <ConfirmDelete
      what={`stage ${stage.stage} from ${plan.name}`}
      verb="Remove"
      consequence="The plan's keys can no longer call this stage, and the limits of its single methods go with it."
      onDelete={() => removing.mutateAsync()}
      onDeleted={() => undefined}
      onDismiss={onClose}
    />
  );
}
