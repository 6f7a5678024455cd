// Why was this call refused? By its request id, or picked from the latest ones.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useSearchParams } from "react-router";
import { getRefusal } from "../../api/operator";
import { Page } from "../../components/Page";
import { signedCurl } from "../../lib/cli";
import { RefusalDetail } from "./RefusalDetail";
import { RefusalTable } from "./RefusalTable";
import { REFUSALS, useRefusals } from "./useRefusals";

export default function RefusalsPage(): ReactElement {
  const [parameters, setParameters] = useSearchParams();
  const requestId = parameters.get("request") ?? "";
  const [typed, setTyped] = useState(requestId);
  const [shown, setShown] = useState(requestId);
  if (shown !== requestId) {
    // The address changed, by a link or by going back.
    setShown(requestId);
    setTyped(requestId);
  }
  const list = useRefusals();
  const found = useQuery({
    queryKey: [...REFUSALS, "one", requestId],
    queryFn: () => getRefusal(requestId),
    enabled: requestId !== "",
  });
  return (
    <Page
      title="Why refused?"
      description="The gateway remembers the last 500 refusals of each of its threads, until it stops."
      commands={[signedCurl("refusals"), signedCurl(`refusals/${encodeURIComponent(requestId) || "REQUEST_ID"}`)]}
    >
      <Container>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            setParameters(typed.trim() === "" ? {} : { request: typed.trim() });
          }}
        >
          <FormField
            label="Request ID"
            description="The header x-amzn-requestid of the answer."
            errorText={requestId === "" ? undefined : found.error?.message}
            secondaryControl={
              <Button formAction="submit" loading={found.isFetching}>
                Explain
              </Button>
            }
          >
            <Input
              value={typed}
              spellcheck={false}
              placeholder="8f0c2b5e-…"
              onChange={({ detail }) => setTyped(detail.value)}
            />
          </FormField>
        </form>
      </Container>
      {found.data && requestId !== "" && <RefusalDetail call={found.data} now={found.dataUpdatedAt} />}
      <RefusalTable title="Recent refusals" refusals={list.data} error={list.error} />
    </Page>
  );
}
