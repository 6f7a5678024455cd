// API keys: a page of the server's at a time, with what can be done to many of them.
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, useState } from "react";
import { useNavigate } from "react-router";
import { type ApiKey, listApiKeys } from "../../api/apiKeys";
import { EnabledBadge } from "../../components/EnabledBadge";
import { KeyTable } from "../../components/KeyTable";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { KEYS } from "../../components/queries";
import { SecretValue } from "../../components/SecretValue";
import { Timestamp } from "../../components/Timestamp";
import { useDebounced } from "../../components/useDebounced";
import { useKept } from "../../components/useKept";
import { usePagedKeys } from "../../components/usePagedKeys";
import { aws } from "../../lib/cli";
import { useSession } from "../../shell/SessionProvider";
import { type BulkAction, BulkDialog } from "./BulkDialog";
import { ExportDialog } from "./ExportDialog";

const PAGE = 50;

const BULK: { id: BulkAction; text: string }[] = [
  { id: "enable", text: "Enable" },
  { id: "disable", text: "Disable" },
  { id: "add", text: "Add to a plan" },
  { id: "move", text: "Move to another plan" },
  { id: "delete", text: "Delete" },
];

export default function KeysPage(): ReactElement {
  const { session, mayChange, mayIssueKeys } = useSession();
  const navigate = useNavigate();
  const [search, setSearch] = useKept("search", "");
  const [selected, setSelected] = useState<ApiKey[]>([]);
  const [opened, setOpened] = useState<BulkAction | "export" | null>(null);
  const nameQuery = useDebounced(search);
  const keys = usePagedKeys(KEYS, PAGE, nameQuery, (query) => listApiKeys(query));
  const chosen = selected[0]?.id ?? "KEY_ID";
  const mayReadValues = session.role !== "key-issuer";
  return (
    <Page
      title="API keys"
      description="A key says who is calling. It has to be in a usage plan of the stage that it calls."
      commands={[
        aws("get-api-keys", { nameQuery: nameQuery || undefined, limit: PAGE }),
        aws("get-api-key", { apiKey: chosen, includeValue: true }),
        ...(selected.length === 0
          ? []
          : [
              aws("update-api-key", {
                apiKey: chosen,
                patchOperations: [{ op: "replace", path: "/enabled", value: "false" }],
              }),
              aws("create-usage-plan-key", { usagePlanId: "PLAN_ID", keyId: chosen, keyType: "API_KEY" }),
            ]),
      ]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {mayReadValues && <Button onClick={() => setOpened("export")}>Export</Button>}
          {mayChange && <Button onClick={() => void navigate("/api-keys/import")}>Import CSV</Button>}
          {mayIssueKeys && (
            <Button variant="primary" onClick={() => void navigate("/api-keys/create")}>
              Create API key
            </Button>
          )}
        </SpaceBetween>
      }
    >
      <KeyTable
        title="Keys"
        keys={keys}
        search={search}
        onSearch={setSearch}
        selected={selected}
        onSelect={setSelected}
        empty="There are no keys yet."
        actions={
          mayChange && (
            <ButtonDropdown
              items={BULK}
              disabled={selected.length === 0}
              onItemClick={({ detail }) => setOpened(BULK.find(({ id }) => id === detail.id)?.id ?? null)}
            >
              With the selected keys
            </ButtonDropdown>
          )
        }
        columns={[
          {
            id: "name",
            header: "Name",
            wide: 140,
            cell: (key) => <PageLink to={`/api-keys/${key.id}`}>{key.name ?? key.id}</PageLink>,
          },
          { id: "state", header: "State", wide: 130, cell: (key) => <EnabledBadge enabled={key.enabled} /> },
          ...(mayReadValues
            ? [{ id: "value", header: "Value", cell: (key: ApiKey) => <SecretValue keyId={key.id} /> }]
            : []),
          {
            id: "created",
            header: "Created",
            wide: true,
            cell: (key) => <Timestamp millis={key.createdDate * 1000} />,
          },
          { id: "id", header: "ID", cell: (key) => key.id },
        ]}
      />
      {opened === "export" && <ExportDialog nameQuery={nameQuery} onClose={() => setOpened(null)} />}
      {opened !== null && opened !== "export" && (
        <BulkDialog
          action={opened}
          keys={selected}
          onClose={(done) => {
            setOpened(null);
            if (done) setSelected([]);
          }}
        />
      )}
    </Page>
  );
}
