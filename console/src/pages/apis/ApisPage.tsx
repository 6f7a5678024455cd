// All REST APIs.
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, useState } from "react";
import { useNavigate } from "react-router";
import { createRestApi } from "../../api/restApis";
import { Dialog } from "../../components/Dialog";
import { ListTable } from "../../components/ListTable";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { APIS, useApis } from "../../components/queries";
import { Timestamp } from "../../components/Timestamp";
import { useChange } from "../../components/useChange";
import { aws } from "../../lib/cli";
import { useSession } from "../../shell/SessionProvider";

export default function ApisPage(): ReactElement {
  const { mayChange } = useSession();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const { data, error } = useApis();
  return (
    <Page
      title="APIs"
      description="REST APIs before your backends. Callers see an API as it was last deployed to a stage."
      commands={[
        aws("get-rest-apis"),
        aws("create-rest-api", { name: "NAME" }),
        "aws apigateway import-rest-api \\\n  --body fileb://openapi.json",
      ]}
      actions={
        mayChange && (
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={() => void navigate("/apis/import")}>Import OpenAPI</Button>
            <Button variant="primary" onClick={() => setCreating(true)}>
              Create API
            </Button>
          </SpaceBetween>
        )
      }
    >
      <ListTable
        title="REST APIs"
        items={data}
        error={error}
        rowId={(api) => api.id}
        text={(api) => `${api.name} ${api.id} ${api.description ?? ""}`}
        empty="There are no APIs yet."
        columns={[
          {
            id: "name",
            header: "Name",
            by: (api) => api.name,
            cell: (api) => <PageLink to={`/apis/${api.id}`}>{api.name}</PageLink>,
          },
          { id: "description", header: "Description", cell: (api) => api.description ?? "–" },
          {
            id: "created",
            header: "Created",
            by: (api) => api.createdDate,
            cell: (api) => <Timestamp millis={api.createdDate * 1000} />,
          },
          { id: "id", header: "ID", cell: (api) => api.id, by: (api) => api.id },
        ]}
      />
      {creating && <CreateApi onClose={() => setCreating(false)} />}
    </Page>
  );
}

function CreateApi({ onClose }: { onClose: () => void }): ReactElement {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const creating = useChange({
    make: () => createRestApi(name),
    done: (api) => `API ${api.name} is created.`,
    shows: [APIS],
    then: (api) => void navigate(`/apis/${api.id}`),
  });
  return (
    <Dialog
      title="Create API"
      submit="Create"
      pending={creating.isPending}
      error={null}
      onSubmit={() => creating.mutate()}
      onDismiss={onClose}
    >
      <FormField label="Name" errorText={creating.error?.message}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus />
      </FormField>
    </Dialog>
  );
}
