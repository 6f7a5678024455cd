// A change: made, told, and shown everywhere.
import { useMutation, type UseMutationResult, useQueryClient } from "@tanstack/react-query";
import { useNotify } from "../shell/Notifications";
import { refresh } from "./queries";

interface Change<Input, Output> {
  make: (input: Input) => Promise<Output>;
  /** What is told when it is done. */
  done?: (output: Output, input: Input) => string;
  /** The queries that it shows in. */
  shows: string[][];
  then?: (output: Output, input: Input) => void;
}

export function useChange<Input = void, Output = unknown>(
  change: Change<Input, Output>,
): UseMutationResult<Output, Error, Input> {
  const queries = useQueryClient();
  const notify = useNotify();
  return useMutation({
    mutationFn: change.make,
    onSuccess: async (output, input) => {
      if (change.done) notify("success", change.done(output, input));
      await refresh(queries, ...change.shows);
      change.then?.(output, input);
    },
  });
}
