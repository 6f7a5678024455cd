// Deploys an API as it stands to a stage, a known one or a new one.
import Autosuggest from "@cloudscape-design/components/autosuggest";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { type ReactElement, useState } from "react";
import { createDeployment, type Stage } from "../../api/restApis";
import { Dialog } from "../../components/Dialog";
import { APIS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { fieldErrors } from "../../lib/fieldErrors";

interface DeployDialogProps {
  apiId: string;
  stages: Stage[];
  onClose: () => void;
}

export function DeployDialog({ apiId, stages, onClose }: DeployDialogProps): ReactElement {
  const [stage, setStage] = useState(stages[0]?.stageName ?? "");
  const [description, setDescription] = useState("");
  const deploying = useChange({
    make: () => createDeployment(apiId, stage, description || undefined),
    done: () => `The API is deployed to ${stage}. Counters and quotas go on as they were.`,
    shows: [APIS],
    then: onClose,
  });
  const said = fieldErrors(deploying.error, { stage: /stage/i });
  return (
    <Dialog
      title="Deploy API"
      submit="Deploy"
      disabled={stage === ""}
      pending={deploying.isPending}
      error={said.rest === undefined ? null : deploying.error}
      onSubmit={() => deploying.mutate()}
      onDismiss={onClose}
    >
      <FormField label="Stage" description="A stage that does not exist is made." errorText={said.fields.stage}>
        <Autosuggest
          ariaLabel="Stage"
          value={stage}
          options={stages.map(({ stageName }) => ({ value: stageName }))}
          enteredTextLabel={(text) => `Make stage ${text}`}
          onChange={({ detail }) => setStage(detail.value)}
        />
      </FormField>
      <FormField label="Description - optional">
        <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
    </Dialog>
  );
}
