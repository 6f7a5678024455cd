// Finds a key among a million by the beginning of its name: the server searches, and pages are loaded on scrolling.
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { listApiKeys } from "../api/apiKeys";
import type { Page } from "../api/client";
import { listPlanKeys } from "../api/usagePlans";
import { KEYS } from "./queries";
import { useDebounced } from "./useDebounced";

export interface PickedKey {
  id: string;
  name: string;
}

interface KeyPickerProps {
  picked: PickedKey | null;
  onPick: (key: PickedKey | null) => void;
  /** Only keys of this plan. */
  planId?: string;
  ariaLabel: string;
  /** What stands for no key, where none may be picked. */
  none?: string;
}

interface Named {
  id: string;
  name?: string;
}

const PAGE = 50;

export function KeyPicker({ picked, onPick, planId, ariaLabel, none }: KeyPickerProps): ReactElement {
  const [typed, setTyped] = useState("");
  const nameQuery = useDebounced(typed);
  const keys = useInfiniteQuery({
    queryKey: [...KEYS, "pick", planId, nameQuery],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }): Promise<Page<Named>> => {
      const query = { position: pageParam, limit: PAGE, nameQuery };
      return planId === undefined ? listApiKeys(query) : listPlanKeys(planId, query);
    },
    getNextPageParam: (page) => page.position,
  });
  const found = (keys.data?.pages ?? []).flatMap((page) => page.item);
  const options = found.map(({ id, name }): SelectProps.Option => ({ value: id, label: name ?? id, description: id }));
  const offered = none === undefined || nameQuery !== "" ? options : [{ value: "", label: none }, ...options];
  return (
    <Select
      ariaLabel={ariaLabel}
      placeholder={none ?? "Search by the beginning of a name"}
      selectedOption={picked === null ? null : { value: picked.id, label: picked.name, description: picked.id }}
      options={offered}
      filteringType="manual"
      filteringPlaceholder="Beginning of a name"
      filteringAriaLabel="Search keys"
      statusType={keys.isFetching ? "loading" : keys.isError ? "error" : keys.hasNextPage ? "pending" : "finished"}
      loadingText="Searching"
      errorText={keys.error?.message ?? ""}
      recoveryText="Retry"
      empty="No key's name begins so"
      onLoadItems={({ detail }) => {
        if (!detail.firstPage && keys.hasNextPage) void keys.fetchNextPage();
        else setTyped(detail.filteringText);
      }}
      onChange={({ detail: { selectedOption: option } }) =>
        onPick(option.value ? { id: option.value, name: option.label ?? option.value } : null)
      }
    />
  );
}
