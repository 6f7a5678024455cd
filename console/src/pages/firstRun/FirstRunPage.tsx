// The way from nothing to the first call, in four steps: API, stage, plan, key.
import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Container from "@cloudscape-design/components/container";
import Wizard from "@cloudscape-design/components/wizard";
import { type ReactElement, useState } from "react";
import { useNavigate } from "react-router";
import { LimitFields } from "../../components/LimitFields";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Page } from "../../components/Page";
import { APIS, KEYS, PLANS, useNode } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { useKept } from "../../components/useKept";
import { draftErrors } from "../../lib/limitDraft";
import { planLimits } from "../../lib/limits";
import { quotaOf, throttleOf } from "../../lib/limitDraft";
import { commandsOf, FIRST_SETUP, type Made, type Setup, setUp } from "./setUp";
import { FirstCall } from "./FirstCall";

export default function FirstRunPage(): ReactElement {
  const navigate = useNavigate();
  const { data: node } = useNode();
  const [setup, setSetup] = useKept("setup", FIRST_SETUP);
  const [step, setStep] = useKept("step", 0);
  const [made, setMade] = useKept<Made | null>("made", null);
  const [doing, setDoing] = useState("");
  const set = (change: Partial<Setup>): void => setSetup((before) => ({ ...before, ...change }));
  const making = useChange({
    make: () => setUp(setup, setDoing),
    done: ({ apiName }) => `${apiName} is deployed, and its first key is ready.`,
    shows: [APIS, PLANS, KEYS],
    then: setMade,
  });
  const wrong = [
    missingOf(setup),
    setup.stage === "" ? "A stage has a name." : null,
    wrongPlan(setup),
    setup.key === "" ? "A key has a name." : null,
  ];
  if (made) {
    return (
      <Page title="Set up an API" commands={commandsOf(setup)}>
        <FirstCall made={made} node={node} />
      </Page>
    );
  }
  const problem = (index: number): ReactElement | null => {
    const text = wrong[index];
    return text ? <Alert type="error">{text}</Alert> : null;
  };
  return (
    <Page
      title="Set up an API"
      description="An API before your backend, a stage, a usage plan and the first key."
      commands={commandsOf(setup)}
    >
      <Wizard
        activeStepIndex={step}
        isLoadingNextStep={making.isPending}
        submitButtonText="Set up"
        onNavigate={({ detail }) => {
          const goesBack = detail.requestedStepIndex < step;
          if (goesBack || wrong.slice(0, detail.requestedStepIndex).every((text) => text === null)) {
            setStep(detail.requestedStepIndex);
          }
        }}
        onCancel={() => void navigate("/")}
        onSubmit={() => wrong.every((text) => text === null) && making.mutate()}
        steps={[
          {
            title: "API",
            description: "What callers call, and the backend that answers them.",
            content: (
              <Container>
                <SpaceBetween size="m">
                  <FormField label="Name of the API">
                    <Input value={setup.api} onChange={({ detail }) => set({ api: detail.value })} />
                  </FormField>
                  <FormField
                    label="Backend"
                    description="Every path below the stage is passed on to it, and a key is required for all of them."
                    errorText={step === 0 && setup.backend !== "" ? wrong[0] : undefined}
                  >
                    <Input
                      value={setup.backend}
                      placeholder="http://127.0.0.1:3000"
                      type="url"
                      onChange={({ detail }) => set({ backend: detail.value })}
                    />
                  </FormField>
                </SpaceBetween>
              </Container>
            ),
          },
          {
            title: "Stage",
            description: "A name under which the API is deployed, such as dev or prod.",
            content: (
              <Container>
                <FormField label="Name of the stage" errorText={wrong[1]}>
                  <Input value={setup.stage} onChange={({ detail }) => set({ stage: detail.value })} />
                </FormField>
              </Container>
            ),
          },
          {
            title: "Usage plan",
            description: "How fast and how much each key may call.",
            content: (
              <Container>
                <SpaceBetween size="m">
                  <FormField label="Name of the plan">
                    <Input value={setup.plan} onChange={({ detail }) => set({ plan: detail.value })} />
                  </FormField>
                  <LimitFields
                    draft={setup.limits}
                    onChange={(limits) => set({ limits })}
                    errors={draftErrors(setup.limits)}
                  />
                </SpaceBetween>
              </Container>
            ),
          },
          {
            title: "First key",
            description: "Who calls. You can show its value afterwards.",
            content: (
              <SpaceBetween size="m">
                <ErrorAlert error={making.error} />
                {problem(2)}
                <Container>
                  <SpaceBetween size="m">
                    <FormField label="Name of the key" errorText={wrong[3]}>
                      <Input value={setup.key} onChange={({ detail }) => set({ key: detail.value })} />
                    </FormField>
                    <Alert type="info">
                      {making.isPending
                        ? doing
                        : `API ${setup.api} at ${setup.backend}, stage ${setup.stage}, plan ${setup.plan} (${limitsText(setup)}).`}
                    </Alert>
                  </SpaceBetween>
                </Container>
              </SpaceBetween>
            ),
          },
        ]}
      />
    </Page>
  );
}

function missingOf({ api, backend }: Setup): string | null {
  if (api === "") return "An API has a name.";
  return /^https?:\/\/[^/]+/.test(backend) ? null : "The backend is an address that begins with http:// or https://.";
}

function wrongPlan({ plan, limits }: Setup): string | null {
  if (plan === "") return "A plan has a name.";
  return Object.values(draftErrors(limits))[0] ?? null;
}

function limitsText({ limits }: Setup): string {
  const [throttle, quota] = [throttleOf(limits), quotaOf(limits)];
  return planLimits({ id: "", name: "", ...(throttle ? { throttle } : {}), ...(quota ? { quota } : {}) });
}
