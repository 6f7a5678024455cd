// The keys of a plan: found, added, taken out.
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, useState } from "react";
import { addPlanKey, listPlanKeys, removePlanKey, type UsagePlan, type UsagePlanKey } from "../../api/usagePlans";
import { ConfirmDelete } from "../../components/ConfirmDelete";
import { Dialog } from "../../components/Dialog";
import { KeyPicker, type PickedKey } from "../../components/KeyPicker";
import { KeyTable } from "../../components/KeyTable";
import { PageLink } from "../../components/PageLink";
import { KEYS, PLANS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { useDebounced } from "../../components/useDebounced";
import { useKept } from "../../components/useKept";
import { usePagedKeys } from "../../components/usePagedKeys";
import { inBatches } from "../../lib/inBatches";
import { plural } from "../../lib/numbers";
import { useSession } from "../../shell/SessionProvider";

const PAGE = 25;

export function PlanKeys({ plan }: { plan: UsagePlan }): ReactElement {
  const { mayChange, mayIssueKeys } = useSession();
  const [search, setSearch] = useKept("keys search", "");
  const [selected, setSelected] = useState<UsagePlanKey[]>([]);
  const [opened, setOpened] = useState<"add" | "remove" | null>(null);
  const keys = usePagedKeys([...PLANS, plan.id, "keys"], PAGE, useDebounced(search), (query) =>
    listPlanKeys(plan.id, query),
  );
  const removing = useChange({
    make: async () => {
      const failed = await inBatches(selected, 4, (key) => removePlanKey(plan.id, key.id));
      const [first] = failed;
      if (first !== undefined) throw first.error;
    },
    done: () => `${plural(selected.length, "key")} taken out of ${plan.name}.`,
    shows: [PLANS, KEYS],
    then: () => {
      setSelected([]);
      setOpened(null);
    },
  });
  return (
    <>
      <KeyTable
        title="API keys"
        description="Limits hold for each key by itself."
        keys={keys}
        search={search}
        onSearch={setSearch}
        selected={selected}
        onSelect={setSelected}
        empty="The plan has no keys."
        columns={[
          {
            id: "name",
            header: "Name",
            cell: (key) => <PageLink to={`/api-keys/${key.id}`}>{key.name ?? key.id}</PageLink>,
          },
          { id: "id", header: "ID", cell: (key) => key.id },
        ]}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {mayChange && (
              <Button disabled={selected.length === 0} onClick={() => setOpened("remove")}>
                Remove from plan
              </Button>
            )}
            {mayIssueKeys && <Button onClick={() => setOpened("add")}>Add API key</Button>}
          </SpaceBetween>
        }
      />
      {opened === "add" && <AddKey plan={plan} onClose={() => setOpened(null)} />}
      {opened === "remove" && (
        <ConfirmDelete
          what={`${plural(selected.length, "key")} from ${plan.name}`}
          verb="Remove"
          consequence="Calls with these keys are refused by the plan's stages from then on. The keys themselves stay, and so does their usage."
          onDelete={() => removing.mutateAsync()}
          onDeleted={() => undefined}
          onDismiss={() => setOpened(null)}
        />
      )}
    </>
  );
}

function AddKey({ plan, onClose }: { plan: UsagePlan; onClose: () => void }): ReactElement {
  const [picked, setPicked] = useState<PickedKey | null>(null);
  const adding = useChange({
    make: (key: PickedKey) => addPlanKey(plan.id, key.id),
    done: (_, key) => `${key.name} is in ${plan.name} now.`,
    shows: [PLANS, KEYS],
    then: onClose,
  });
  return (
    <Dialog
      title={`Add API key to ${plan.name}`}
      submit="Add"
      disabled={picked === null}
      pending={adding.isPending}
      error={null}
      onSubmit={() => picked && adding.mutate(picked)}
      onDismiss={onClose}
    >
      <FormField label="API key" errorText={adding.error?.message}>
        <KeyPicker ariaLabel="API key" picked={picked} onPick={setPicked} />
      </FormField>
    </Dialog>
  );
}
