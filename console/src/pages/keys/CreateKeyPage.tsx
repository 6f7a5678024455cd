// A new key, with a value made by the server or one of one's own, and the plan it belongs to.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { type ReactElement, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { type ApiKey, createApiKey } from "../../api/apiKeys";
import { addPlanKey } from "../../api/usagePlans";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Page } from "../../components/Page";
import { PlanPicker } from "../../components/PlanPicker";
import { KEYS, PLANS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { useKept } from "../../components/useKept";
import { aws } from "../../lib/cli";
import { fieldErrors } from "../../lib/fieldErrors";
import { useNotify } from "../../shell/Notifications";

const MESSAGES = { value: /value|already exists/i, description: /description/i, name: /name/i };

export default function CreateKeyPage(): ReactElement {
  const navigate = useNavigate();
  const notify = useNotify();
  const [parameters] = useSearchParams();
  const [name, setName] = useKept("name", "");
  const [description, setDescription] = useKept("description", "");
  const [enabled, setEnabled] = useKept("enabled", true);
  const [kind, setKind] = useKept<"generated" | "own">("kind", "generated");
  const [value, setValue] = useState("");
  const [planId, setPlanId] = useKept("plan", parameters.get("plan"));
  const creating = useChange({
    make: async (): Promise<ApiKey> => {
      const key = await createApiKey({
        name,
        enabled,
        ...(description === "" ? {} : { description }),
        ...(kind === "own" ? { value } : {}),
      });
      if (planId !== null) {
        // The key exists by now: what its plan says to it is told on its page.
        await addPlanKey(planId, key.id).catch((error: unknown) => {
          notify("error", `The key is not in the plan: ${error instanceof Error ? error.message : String(error)}`);
        });
      }
      return key;
    },
    done: (key) => `API key ${key.name ?? key.id} is created.`,
    shows: [KEYS, PLANS],
    then: (key) => void navigate(`/api-keys/${key.id}`),
  });
  const said = fieldErrors(creating.error, MESSAGES);
  return (
    <Page
      title="Create API key"
      trail={[{ text: "API keys", to: "/api-keys" }]}
      commands={[
        aws("create-api-key", {
          name: name || "NAME",
          enabled,
          description: description || undefined,
          value: kind === "own" ? value || "VALUE" : undefined,
        }),
        ...(planId === null
          ? []
          : [aws("create-usage-plan-key", { usagePlanId: planId, keyId: "KEY_ID", keyType: "API_KEY" })]),
      ]}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          creating.mutate();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" formAction="none" onClick={() => void navigate("/api-keys")}>
                Cancel
              </Button>
              <Button variant="primary" formAction="submit" loading={creating.isPending}>
                Create API key
              </Button>
            </SpaceBetween>
          }
        >
          <Container header={<Header variant="h2">Key</Header>}>
            <SpaceBetween size="m">
              {said.rest === undefined ? null : <ErrorAlert error={creating.error} />}
              <FormField label="Name" errorText={said.fields.name}>
                <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
              </FormField>
              <FormField label="Description - optional" errorText={said.fields.description}>
                <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
              </FormField>
              <FormField label="Value">
                <RadioGroup
                  value={kind}
                  onChange={({ detail }) => setKind(detail.value === "own" ? "own" : "generated")}
                  items={[
                    { value: "generated", label: "Generated", description: "40 random characters." },
                    { value: "own", label: "Your own", description: "20 to 128 characters, used by no other key." },
                  ]}
                />
              </FormField>
              {kind === "own" && (
                <FormField label="Your own value" errorText={said.fields.value}>
                  <Input
                    value={value}
                    onChange={({ detail }) => setValue(detail.value)}
                    autoComplete={false}
                    spellcheck={false}
                  />
                </FormField>
              )}
              <FormField label="Usage plan - optional" description="A key calls the stages of the plans that it is in.">
                <PlanPicker
                  ariaLabel="Usage plan"
                  none="No plan yet"
                  planId={planId}
                  onPick={(plan) => setPlanId(plan?.id ?? null)}
                />
              </FormField>
              <Toggle checked={enabled} onChange={({ detail }) => setEnabled(detail.checked)}>
                Enabled
              </Toggle>
            </SpaceBetween>
          </Container>
        </Form>
      </form>
    </Page>
  );
}
