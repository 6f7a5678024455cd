// Name, description and limits of a plan, edited in place.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";
import { replace } from "../../api/patch";
import { type UsagePlan, updateUsagePlan } from "../../api/usagePlans";
import { ErrorAlert } from "../../components/ErrorAlert";
import { LimitFields } from "../../components/LimitFields";
import { PLANS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { useKept } from "../../components/useKept";
import { fieldErrors } from "../../lib/fieldErrors";
import { draftErrors, draftOf, LIMIT_MESSAGES, limitPatch } from "../../lib/limitDraft";
import { quotaText, throttleText } from "../../lib/limits";
import { useSession } from "../../shell/SessionProvider";

export function PlanDetails({ plan }: { plan: UsagePlan }): ReactElement {
  const { mayChange } = useSession();
  const [editing, setEditing] = useKept("editing", false);
  if (editing) return <PlanForm plan={plan} onClose={() => setEditing(false)} />;
  return (
    <Container
      header={
        <Header variant="h2" actions={mayChange && <Button onClick={() => setEditing(true)}>Edit</Button>}>
          Details
        </Header>
      }
    >
      <KeyValuePairs
        columns={2}
        items={[
          { label: "ID", value: plan.id },
          { label: "Description", value: plan.description ?? "–" },
          { label: "Throttle, for each key", value: throttleText(plan.throttle) },
          { label: "Quota, for each key", value: quotaText(plan.quota) },
        ]}
      />
    </Container>
  );
}

function PlanForm({ plan, onClose }: { plan: UsagePlan; onClose: () => void }): ReactElement {
  const [name, setName] = useKept("name", plan.name);
  const [description, setDescription] = useKept("description", plan.description ?? "");
  const [limits, setLimits] = useKept("limits", draftOf(plan));
  const operations = [
    ...(name === plan.name ? [] : [replace("/name", name)]),
    ...(description === (plan.description ?? "") ? [] : [replace("/description", description)]),
    ...limitPatch(plan, limits),
  ];
  const saving = useChange({
    make: () => updateUsagePlan(plan.id, operations),
    done: () => "The plan is saved. Its limits hold from now on.",
    shows: [PLANS],
    then: onClose,
  });
  const unsendable = draftErrors(limits);
  const said = fieldErrors(saving.error, { ...LIMIT_MESSAGES, name: /name/i, description: /description/i });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (operations.length === 0) onClose();
        else if (Object.keys(unsendable).length === 0) saving.mutate();
      }}
    >
      <Container
        header={<Header variant="h2">Details</Header>}
        footer={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="primary" formAction="submit" loading={saving.isPending}>
              Save
            </Button>
            <Button variant="link" formAction="none" onClick={onClose}>
              Cancel
            </Button>
          </SpaceBetween>
        }
      >
        <SpaceBetween size="m">
          {said.rest === undefined ? null : <ErrorAlert error={saving.error} />}
          <FormField label="Name" errorText={said.fields.name}>
            <Input value={name} onChange={({ detail }) => setName(detail.value)} />
          </FormField>
          <FormField label="Description - optional" errorText={said.fields.description}>
            <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
          </FormField>
          <LimitFields draft={limits} onChange={setLimits} errors={{ ...said.fields, ...unsendable }} />
        </SpaceBetween>
      </Container>
    </form>
  );
}
