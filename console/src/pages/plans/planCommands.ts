// The commands of the AWS CLI that do what each tab of a plan does.
import type { UsagePlan } from "../../api/usagePlans";
import { stageValue } from "../../components/StagePicker";
import { aws } from "../../lib/cli";
import { plusDays, today } from "../../lib/time";

export function planCommands(usagePlanId: string, tab: string, plan: UsagePlan | undefined, arn: string): string[] {
  const update = (op: string, path: string, value?: string): string =>
    aws("update-usage-plan", { usagePlanId, patchOperations: [{ op, path, value }] });
  const [first] = plan?.apiStages ?? [];
  const stage = first ? stageValue(first) : "API_ID:STAGE";
  switch (tab) {
    case "stages":
      return [
        update("add", "/apiStages", "API_ID:STAGE"),
        update("replace", `/apiStages/${stage}/throttle/~1PATH~1GET/rateLimit`, "5"),
        update("remove", "/apiStages", stage),
      ];
    case "keys":
      return [
        aws("get-usage-plan-keys", { usagePlanId }),
        aws("create-usage-plan-key", { usagePlanId, keyId: "KEY_ID", keyType: "API_KEY" }),
        aws("delete-usage-plan-key", { usagePlanId, keyId: "KEY_ID" }),
      ];
    case "usage":
      return [aws("get-usage", { usagePlanId, startDate: plusDays(today(), -6), endDate: today() })];
    case "tags":
      return [
        aws("get-tags", { resourceArn: arn }),
        aws("tag-resource", { resourceArn: arn, tags: { NAME: "VALUE" } }),
        aws("untag-resource", { resourceArn: arn, tagKeys: "NAME" }),
      ];
    default:
      return [
        aws("get-usage-plan", { usagePlanId }),
        update("replace", "/throttle/rateLimit", "20"),
        aws("delete-usage-plan", { usagePlanId }),
      ];
  }
}
