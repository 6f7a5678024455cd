// How fast all callers together may call a stage, as a whole or by method.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, useState } from "react";
import { remove, replace, segment, unescape } from "../../api/patch";
import { type Resource, type Stage, updateStage } from "../../api/restApis";
import { Dialog } from "../../components/Dialog";
import { APIS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { fieldErrors } from "../../lib/fieldErrors";
import { throttleText } from "../../lib/limits";
import { useSession } from "../../shell/SessionProvider";

interface StageThrottlesProps {
  apiId: string;
  stage: Stage;
  resources: Resource[];
  onClose: () => void;
}

const WHOLE = { value: "*/*", label: "All methods, each by itself" };

export function StageThrottles({ apiId, stage, resources, onClose }: StageThrottlesProps): ReactElement {
  const { mayChange } = useSession();
  const [method, setMethod] = useState(WHOLE.value);
  const [rate, setRate] = useState("100");
  const [burst, setBurst] = useState("200");
  const options = [
    WHOLE,
    ...resources.flatMap(({ path, resourceMethods = {} }) =>
      Object.keys(resourceMethods).map((verb) => ({ value: settingPath(path, verb), label: `${verb} ${path}` })),
    ),
  ];
  const setting = useChange({
    make: () =>
      updateStage(apiId, stage.stageName, [
        replace(`/${method}/throttling/rateLimit`, rate),
        replace(`/${method}/throttling/burstLimit`, burst),
      ]),
    done: () => `Stage ${stage.stageName} is throttled. It holds from now on, without a deployment.`,
    shows: [APIS],
  });
  const removing = useChange({
    make: (name: string) => updateStage(apiId, stage.stageName, [remove(`/${name}`)]),
    done: () => "The setting is removed.",
    shows: [APIS],
  });
  const said = fieldErrors(setting.error, { rate: /rate/i, burst: /burst/i });
  return (
    <Dialog
      title={`Throttles of stage ${stage.stageName}`}
      dismiss="Close"
      {...(mayChange ? { submit: "Set throttle" } : {})}
      size="large"
      pending={setting.isPending}
      error={removing.error ?? (said.rest === undefined ? null : setting.error)}
      onSubmit={() => setting.mutate()}
      onDismiss={onClose}
    >
      <Box color="text-body-secondary">These buckets are shared by all callers, whatever their plans.</Box>
      {Object.entries(stage.methodSettings ?? {}).map(([name, { throttlingRateLimit, throttlingBurstLimit }]) => (
        <SpaceBetween key={name} direction="horizontal" size="s">
          <Box variant="code">{settingTitle(name)}</Box>
          <Box>{throttleText({ rateLimit: throttlingRateLimit, burstLimit: throttlingBurstLimit })}</Box>
          {mayChange && (
            <Button
              variant="inline-link"
              ariaLabel={`Remove the throttle of ${settingTitle(name)}`}
              onClick={() => removing.mutate(name)}
            >
              Remove
            </Button>
          )}
        </SpaceBetween>
      ))}
      {mayChange && (
        <ColumnLayout columns={3}>
          <FormField label="Methods">
            <Select
              ariaLabel="Methods"
              selectedOption={options.find((option) => option.value === method) ?? WHOLE}
              options={options}
              onChange={({ detail }) => setMethod(detail.selectedOption.value ?? WHOLE.value)}
            />
          </FormField>
          <FormField label="Rate" errorText={said.fields.rate}>
            <Input type="number" step="any" value={rate} onChange={({ detail }) => setRate(detail.value)} />
          </FormField>
          <FormField label="Burst" errorText={said.fields.burst}>
            <Input type="number" value={burst} onChange={({ detail }) => setBurst(detail.value)} />
          </FormField>
        </ColumnLayout>
      )}
    </Dialog>
  );
}

/** A method as patches of a stage name it: the resource's path, with its slashes escaped, and the verb. */
const settingPath = (path: string, verb: string): string => `${segment(path)}/${verb}`;

/** A setting's name as people read it: `~1pets/GET` is `GET /pets`. */
function settingTitle(name: string): string {
  if (name === WHOLE.value) return WHOLE.label;
  const cut = name.lastIndexOf("/");
  return `${name.slice(cut + 1)} ${unescape(name.slice(0, cut))}`;
}
