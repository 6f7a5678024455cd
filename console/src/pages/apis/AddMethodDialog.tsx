// A new method of a resource, with the upstream that answers it.
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import Toggle from "@cloudscape-design/components/toggle";
import { type ReactElement, useState } from "react";
import { putIntegration, putMethod, type Resource } from "../../api/restApis";
import { Dialog } from "../../components/Dialog";
import { APIS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { fieldErrors } from "../../lib/fieldErrors";

interface AddMethodDialogProps {
  apiId: string;
  resource: Resource;
  onClose: () => void;
}

const VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"].map((value) => ({
  value,
  label: value,
}));

export function AddMethodDialog({ apiId, resource, onClose }: AddMethodDialogProps): ReactElement {
  const [verb, setVerb] = useState("GET");
  const [keyRequired, setKeyRequired] = useState(true);
  const [type, setType] = useState<"HTTP_PROXY" | "MOCK">("HTTP_PROXY");
  const [uri, setUri] = useState("http://");
  const creating = useChange({
    make: async () => {
      await putMethod(apiId, resource.id, verb, keyRequired);
      await putIntegration(apiId, resource.id, verb, type === "MOCK" ? { type } : { type, uri });
    },
    done: () => `${verb} ${resource.path} is created. Deploy the API for callers to see it.`,
    shows: [APIS],
    then: onClose,
  });
  const said = fieldErrors(creating.error, { uri: /uri|endpoint/i, verb: /method/i });
  return (
    <Dialog
      title={`Create method of ${resource.path}`}
      submit="Create"
      pending={creating.isPending}
      error={said.rest === undefined ? null : creating.error}
      onSubmit={() => creating.mutate()}
      onDismiss={onClose}
    >
      <FormField label="Method" errorText={said.fields.verb}>
        <Select
          ariaLabel="Method"
          selectedOption={{ value: verb, label: verb }}
          options={VERBS}
          onChange={({ detail }) => setVerb(detail.selectedOption.value ?? "GET")}
        />
      </FormField>
      <Toggle checked={keyRequired} onChange={({ detail }) => setKeyRequired(detail.checked)}>
        API key required
      </Toggle>
      <FormField label="Integration">
        <RadioGroup
          value={type}
          onChange={({ detail }) => setType(detail.value === "MOCK" ? "MOCK" : "HTTP_PROXY")}
          items={[
            { value: "HTTP_PROXY", label: "HTTP", description: "Passes calls on to an upstream as they are." },
            { value: "MOCK", label: "Mock", description: "Answers by itself." },
          ]}
        />
      </FormField>
      {type === "HTTP_PROXY" && (
        <FormField label="Upstream" description="Where calls go, with its path." errorText={said.fields.uri}>
          <Input value={uri} type="url" onChange={({ detail }) => setUri(detail.value)} />
        </FormField>
      )}
    </Dialog>
  );
}
