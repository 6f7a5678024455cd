// What a key is, edited in place.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import { type ReactElement, useState } from "react";
import { type ApiKey, updateApiKey } from "../../api/apiKeys";
import { replace } from "../../api/patch";
import { Dialog } from "../../components/Dialog";
import { EnabledBadge } from "../../components/EnabledBadge";
import { KEYS } from "../../components/queries";
import { SecretValue } from "../../components/SecretValue";
import { Timestamp } from "../../components/Timestamp";
import { useChange } from "../../components/useChange";
import { fieldErrors } from "../../lib/fieldErrors";
import { useSession } from "../../shell/SessionProvider";

export function KeyDetails({ apiKey }: { apiKey: ApiKey }): ReactElement {
  const { session, mayChange } = useSession();
  const [editing, setEditing] = useState(false);
  return (
    <Container
      header={
        <Header variant="h2" actions={mayChange && <Button onClick={() => setEditing(true)}>Edit</Button>}>
          Details
        </Header>
      }
    >
      <KeyValuePairs
        columns={3}
        items={[
          { label: "ID", value: apiKey.id },
          ...(session.role === "key-issuer" ? [] : [{ label: "API key", value: <SecretValue keyId={apiKey.id} /> }]),
          { label: "State", value: <EnabledBadge enabled={apiKey.enabled} /> },
          { label: "Description", value: apiKey.description ?? "–" },
          { label: "Created", value: <Timestamp millis={apiKey.createdDate * 1000} /> },
          { label: "Last changed", value: <Timestamp millis={apiKey.lastUpdatedDate * 1000} /> },
        ]}
      />
      {editing && <EditKey apiKey={apiKey} onClose={() => setEditing(false)} />}
    </Container>
  );
}

function EditKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }): ReactElement {
  const [name, setName] = useState(apiKey.name ?? "");
  const [description, setDescription] = useState(apiKey.description ?? "");
  const saving = useChange({
    make: () => updateApiKey(apiKey.id, [replace("/name", name), replace("/description", description)]),
    done: () => "The key is saved.",
    shows: [KEYS],
    then: onClose,
  });
  const said = fieldErrors(saving.error, { description: /description/i, name: /name/i });
  return (
    <Dialog
      title="Edit API key"
      submit="Save"
      pending={saving.isPending}
      error={said.rest === undefined ? null : saving.error}
      onSubmit={() => saving.mutate()}
      onDismiss={onClose}
    >
      <FormField label="Name" errorText={said.fields.name}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      <FormField label="Description" errorText={said.fields.description}>
        <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
    </Dialog>
  );
}
