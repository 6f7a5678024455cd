// Sets what a key has left of its period, with a reason that is kept.
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Textarea from "@cloudscape-design/components/textarea";
import { type ReactElement, useState } from "react";
import { updateUsage } from "../../api/usage";
import type { UsagePlan } from "../../api/usagePlans";
import { Dialog } from "../../components/Dialog";
import { USAGE } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { count } from "../../lib/numbers";

interface ExtendQuotaProps {
  plan: UsagePlan;
  keyId: string;
  keyName: string;
  remaining: number;
  onClose: () => void;
}

export function ExtendQuota({ plan, keyId, keyName, remaining, onClose }: ExtendQuotaProps): ReactElement {
  const [value, setValue] = useState(String(remaining));
  const [reason, setReason] = useState("");
  const extending = useChange({
    make: () => updateUsage(plan.id, keyId, Number(value), reason.trim()),
    done: () => `${keyName} has ${count(Number(value))} calls left in this period.`,
    shows: [USAGE],
    then: onClose,
  });
  return (
    <Dialog
      title={`Extend the quota of ${keyName}`}
      submit="Extend"
      disabled={value.trim() === "" || reason.trim() === ""}
      pending={extending.isPending}
      error={null}
      onSubmit={() => extending.mutate()}
      onDismiss={onClose}
    >
      <FormField
        label="Calls left in this period"
        description="Counts from now on. The next period begins with the plan's quota again."
        errorText={extending.error?.message}
      >
        <Input type="number" inputMode="numeric" value={value} onChange={({ detail }) => setValue(detail.value)} />
      </FormField>
      <FormField label="Reason" description="Kept with the extension, for whoever asks later.">
        <Textarea rows={2} value={reason} onChange={({ detail }) => setReason(detail.value)} />
      </FormField>
    </Dialog>
  );
}
