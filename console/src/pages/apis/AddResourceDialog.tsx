// A new resource below another one.
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { type ReactElement, useState } from "react";
import { createResource, type Resource } from "../../api/restApis";
import { Dialog } from "../../components/Dialog";
import { APIS } from "../../components/queries";
import { useChange } from "../../components/useChange";

interface AddResourceDialogProps {
  apiId: string;
  parent: Resource;
  onClose: () => void;
}

export function AddResourceDialog({ apiId, parent, onClose }: AddResourceDialogProps): ReactElement {
  const [part, setPart] = useState("");
  const creating = useChange({
    make: () => createResource(apiId, parent.id, part),
    done: (resource) => `Resource ${resource.path} is created.`,
    shows: [APIS],
    then: onClose,
  });
  return (
    <Dialog
      title={`Create resource below ${parent.path}`}
      submit="Create"
      pending={creating.isPending}
      error={null}
      onSubmit={() => creating.mutate()}
      onDismiss={onClose}
    >
      <FormField
        label="Path part"
        description="Such as pets, {id} for any one segment, or {proxy+} for all that follow."
        errorText={creating.error?.message}
      >
        <Input value={part} onChange={({ detail }) => setPart(detail.value)} autoFocus />
      </FormField>
    </Dialog>
  );
}
