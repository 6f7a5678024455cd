// Picks a stage of an API.
import Select from "@cloudscape-design/components/select";
import type { ReactElement } from "react";
import { useStages } from "./queries";

export interface PickedStage {
  apiId: string;
  stage: string;
}

interface StagePickerProps {
  picked: PickedStage | null;
  onPick: (stage: PickedStage) => void;
  /** Stages that are not offered. */
  except?: PickedStage[];
  ariaLabel: string;
}

export const stageValue = ({ apiId, stage }: PickedStage): string => `${apiId}:${stage}`;

export function StagePicker({ picked, onPick, except = [], ariaLabel }: StagePickerProps): ReactElement {
  const { data: stages = [], isPending } = useStages();
  const taken = new Set(except.map(stageValue));
  const options = stages
    .map(({ api, stage }) => {
      const value = stageValue({ apiId: api.id, stage: stage.stageName });
      return { value, label: `${api.name} / ${stage.stageName}`, description: api.id };
    })
    .filter(({ value }) => !taken.has(value));
  return (
    <Select
      ariaLabel={ariaLabel}
      placeholder="Choose an API and its stage"
      filteringType={options.length > 10 ? "auto" : "none"}
      statusType={isPending ? "loading" : "finished"}
      loadingText="Loading"
      empty="There is no deployed stage to choose"
      selectedOption={picked === null ? null : (options.find((option) => option.value === stageValue(picked)) ?? null)}
      options={options}
      onChange={({ detail }) => {
        const [apiId = "", stage = ""] = (detail.selectedOption.value ?? "").split(":");
        onPick({ apiId, stage });
      }}
    />
  );
}
