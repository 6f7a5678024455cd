// A new usage plan: name, throttle, quota and stages, each of the last three if wanted.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, useState } from "react";
import { useNavigate } from "react-router";
import { createUsagePlan, type NewUsagePlan } from "../../api/usagePlans";
import { ErrorAlert } from "../../components/ErrorAlert";
import { LimitFields } from "../../components/LimitFields";
import { Page } from "../../components/Page";
import { PLANS, useStages } from "../../components/queries";
import { stageValue } from "../../components/StagePicker";
import { useChange } from "../../components/useChange";
import { useKept } from "../../components/useKept";
import { aws } from "../../lib/cli";
import { fieldErrors } from "../../lib/fieldErrors";
import { draftErrors, EMPTY_LIMITS, LIMIT_MESSAGES, quotaOf, throttleOf } from "../../lib/limitDraft";

export default function CreatePlanPage(): ReactElement {
  const navigate = useNavigate();
  const [name, setName] = useKept("name", "");
  const [description, setDescription] = useKept("description", "");
  const [limits, setLimits] = useKept("limits", EMPTY_LIMITS);
  const [stages, setStages] = useKept<string[]>("stages", []);
  const [tried, setTried] = useState(false);
  const { data: known = [] } = useStages();
  const creating = useChange({
    make: createUsagePlan,
    done: (plan) => `Usage plan ${plan.name} is created.`,
    shows: [PLANS],
    then: (plan) => void navigate(`/usage-plans/${plan.id}`),
  });
  const [throttle, quota] = [throttleOf(limits), quotaOf(limits)];
  const plan: NewUsagePlan = {
    name,
    ...(description === "" ? {} : { description }),
    ...(throttle ? { throttle } : {}),
    ...(quota ? { quota } : {}),
    ...(stages.length > 0 ? { apiStages: stages.map(readStage) } : {}),
  };
  const unsendable = draftErrors(limits);
  const said = fieldErrors(creating.error, { ...LIMIT_MESSAGES, stages: /stage/i, name: /name/i });
  const options = known.map(({ api, stage }) => ({
    value: stageValue({ apiId: api.id, stage: stage.stageName }),
    label: `${api.name} / ${stage.stageName}`,
  }));
  return (
    <Page
      title="Create usage plan"
      trail={[{ text: "Usage plans", to: "/usage-plans" }]}
      commands={[aws("create-usage-plan", { ...plan, name: name || "NAME" })]}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (Object.keys(unsendable).length === 0) creating.mutate(plan);
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" formAction="none" onClick={() => void navigate("/usage-plans")}>
                Cancel
              </Button>
              <Button variant="primary" formAction="submit" loading={creating.isPending}>
                Create usage plan
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="l">
            {said.rest === undefined ? null : <ErrorAlert error={creating.error} />}
            <Container header={<Header variant="h2">Plan</Header>}>
              <SpaceBetween size="m">
                <FormField label="Name" errorText={said.fields.name}>
                  <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
                </FormField>
                <FormField label="Description - optional">
                  <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
                </FormField>
              </SpaceBetween>
            </Container>
            <Container
              header={
                <Header variant="h2" description="For each key by itself. Each is optional.">
                  Limits
                </Header>
              }
            >
              <LimitFields
                draft={limits}
                onChange={setLimits}
                errors={tried ? { ...said.fields, ...unsendable } : said.fields}
              />
            </Container>
            <Container header={<Header variant="h2">API stages - optional</Header>}>
              <FormField label="Stages that the plan's keys may call" errorText={said.fields.stages}>
                <Multiselect
                  selectedOptions={options.filter((option) => stages.includes(option.value))}
                  options={options}
                  filteringType={options.length > 10 ? "auto" : "none"}
                  placeholder="Choose stages"
                  empty="There is no deployed stage yet"
                  onChange={({ detail }) => setStages(detail.selectedOptions.flatMap(({ value }) => value ?? []))}
                />
              </FormField>
            </Container>
          </SpaceBetween>
        </Form>
      </form>
    </Page>
  );
}

function readStage(value: string): { apiId: string; stage: string } {
  const [apiId = "", stage = ""] = value.split(":");
  return { apiId, stage };
}
