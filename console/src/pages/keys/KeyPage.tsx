// One key: its value, whether it may call, the plans it is in, its tags.
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { deleteApiKey, getApiKey, updateApiKey } from "../../api/apiKeys";
import { replace } from "../../api/patch";
import { ConfirmDelete } from "../../components/ConfirmDelete";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";
import { KEYS } from "../../components/queries";
import { TagsPanel } from "../../components/TagsPanel";
import { useChange } from "../../components/useChange";
import { aws } from "../../lib/cli";
import { useSession } from "../../shell/SessionProvider";
import { KeyDetails } from "./KeyDetails";
import { KeyPlans } from "./KeyPlans";
import { KeyRefusals } from "./KeyRefusals";

const TRAIL = [{ text: "API keys", to: "/api-keys" }];

export default function KeyPage(): ReactElement {
  const { keyId = "" } = useParams();
  const { session, mayChange } = useSession();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const { data: key, error } = useQuery({ queryKey: [...KEYS, keyId], queryFn: () => getApiKey(keyId) });
  const switching = useChange({
    make: (enabled: boolean) => updateApiKey(keyId, [replace("/enabled", enabled)]),
    done: (changed) =>
      changed.enabled ? "The key is enabled." : "The key is disabled: calls with it are refused from now on.",
    shows: [KEYS],
  });
  const removal = useChange({
    make: () => deleteApiKey(keyId),
    done: () => `API key ${key?.name ?? keyId} is deleted.`,
    shows: [[...KEYS, "page"]],
    then: () => void navigate("/api-keys"),
  });
  const commands = [
    aws("get-api-key", { apiKey: keyId, includeValue: true }),
    aws("update-api-key", {
      apiKey: keyId,
      patchOperations: [{ op: "replace", path: "/enabled", value: String(!(key?.enabled ?? true)) }],
    }),
    aws("get-usage-plans", { keyId }),
    aws("create-usage-plan-key", { usagePlanId: "PLAN_ID", keyId, keyType: "API_KEY" }),
    aws("delete-api-key", { apiKey: keyId }),
  ];
  const name = key?.name ?? keyId;
  return (
    <Page
      title={name}
      trail={TRAIL}
      commands={commands}
      actions={
        mayChange &&
        key && (
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={() => setDeleting(true)}>Delete</Button>
            <Button loading={switching.isPending} onClick={() => switching.mutate(!key.enabled)}>
              {key.enabled ? "Disable" : "Enable"}
            </Button>
          </SpaceBetween>
        )
      }
    >
      <ErrorAlert error={error ?? switching.error} />
      {key === undefined ? (
        error === null && <Loading />
      ) : (
        <SpaceBetween size="l">
          <KeyDetails apiKey={key} />
          <KeyPlans apiKey={key} />
          {session.role !== "key-issuer" && <KeyRefusals keyId={keyId} />}
          {session.role !== "key-issuer" && (
            <TagsPanel resource={`/apikeys/${keyId}`} tags={key.tags ?? {}} shows={[KEYS]} />
          )}
        </SpaceBetween>
      )}
      {deleting && (
        <ConfirmDelete
          what={`API key ${name}`}
          consequence="The key is gone for good, and calls with it are refused. Its usage stays in the ledger. To stop its calls for a while, disable it."
          onDelete={() => removal.mutateAsync()}
          onDeleted={() => undefined}
          onDismiss={() => setDeleting(false)}
        />
      )}
    </Page>
  );
}
