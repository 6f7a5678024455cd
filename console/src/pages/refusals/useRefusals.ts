// The latest refused calls, read anew while they are looked at.
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { listRefusals, type RefusedCall } from "../../api/operator";

export const REFUSALS = ["refusals"];

export const useRefusals = (keyId?: string): UseQueryResult<RefusedCall[]> =>
  useQuery({ queryKey: [...REFUSALS, keyId ?? ""], queryFn: () => listRefusals(keyId), refetchInterval: 5_000 });
