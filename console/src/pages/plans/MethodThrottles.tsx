// Limits of a plan for single methods of a stage, instead of the plan's own throttle.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { remove, replace, segment } from "../../api/patch";
import { listResources } from "../../api/restApis";
import { type ApiStage, type UsagePlan, updateUsagePlan } from "../../api/usagePlans";
import { Dialog } from "../../components/Dialog";
import { APIS, PLANS } from "../../components/queries";
import { stageValue } from "../../components/StagePicker";
import { useChange } from "../../components/useChange";
import { fieldErrors } from "../../lib/fieldErrors";
import { LIMIT_MESSAGES } from "../../lib/limitDraft";
import { throttleText } from "../../lib/limits";
import { useSession } from "../../shell/SessionProvider";

interface MethodThrottlesProps {
  plan: UsagePlan;
  stage: ApiStage;
  onClose: () => void;
}

export function MethodThrottles({ plan, stage, onClose }: MethodThrottlesProps): ReactElement {
  const { mayChange } = useSession();
  const [method, setMethod] = useState<string | null>(null);
  const [rate, setRate] = useState("5");
  const [burst, setBurst] = useState("5");
  const current = plan.apiStages?.find((known) => stageValue(known) === stageValue(stage)) ?? stage;
  const { data: resources = [] } = useQuery({
    queryKey: [...APIS, stage.apiId, "resources"],
    queryFn: () => listResources(stage.apiId),
    enabled: mayChange,
  });
  const options = resources.flatMap(({ path, resourceMethods = {} }) =>
    Object.keys(resourceMethods).map((verb) => ({ value: `${path}/${verb}`, label: `${verb} ${path}` })),
  );
  const path = (name: string): string => `/apiStages/${stageValue(stage)}/throttle/${segment(name)}`;
  const setting = useChange({
    make: (name: string) =>
      updateUsagePlan(plan.id, [replace(`${path(name)}/rateLimit`, rate), replace(`${path(name)}/burstLimit`, burst)]),
    done: (_, name) => `${name} has a throttle of its own now.`,
    shows: [PLANS],
  });
  const removing = useChange({
    make: (name: string) => updateUsagePlan(plan.id, [remove(path(name))]),
    done: (_, name) => `${name} has the plan's throttle again.`,
    shows: [PLANS],
  });
  const said = fieldErrors(setting.error, LIMIT_MESSAGES);
  return (
    <Dialog
      title={`Method throttles of ${stage.stage}`}
      dismiss="Close"
      {...(mayChange ? { submit: "Set throttle" } : {})}
      size="large"
      disabled={method === null}
      pending={setting.isPending}
      error={removing.error ?? (said.rest === undefined ? null : setting.error)}
      onSubmit={() => method !== null && setting.mutate(method)}
      onDismiss={onClose}
    >
      <Box color="text-body-secondary">
        A method with an entry has a bucket of its own for each key, instead of the plan&apos;s.
      </Box>
      {Object.entries(current.throttle ?? {}).map(([name, throttle]) => (
        <SpaceBetween key={name} direction="horizontal" size="s">
          <Box variant="code">{name}</Box>
          <Box>{throttleText(throttle)}</Box>
          {mayChange && (
            <Button
              variant="inline-link"
              ariaLabel={`Remove the throttle of ${name}`}
              onClick={() => removing.mutate(name)}
            >
              Remove
            </Button>
          )}
        </SpaceBetween>
      ))}
      {mayChange && (
        <ColumnLayout columns={3}>
          <FormField label="Method">
            <Select
              ariaLabel="Method"
              placeholder="Choose a method"
              selectedOption={options.find((option) => option.value === method) ?? null}
              options={options}
              empty="The API has no methods"
              onChange={({ detail }) => setMethod(detail.selectedOption.value ?? null)}
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
