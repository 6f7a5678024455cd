// The value of a key: hidden until it is asked for, and fetched only then.
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { getApiKey } from "../api/apiKeys";

export function SecretValue({ keyId }: { keyId: string }): ReactElement {
  const [value, setValue] = useState<string | null>(null);
  const showing = useMutation({
    mutationFn: () => getApiKey(keyId, { includeValue: true }),
    onSuccess: (key) => setValue(key.value ?? ""),
  });
  if (showing.error) return <StatusIndicator type="error">{showing.error.message}</StatusIndicator>;
  if (value === null) {
    return (
      <Button
        variant="inline-link"
        loading={showing.isPending}
        onClick={() => showing.mutate()}
        ariaLabel="Show the value of the key"
      >
        Show
      </Button>
    );
  }
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <CopyToClipboard
        variant="inline"
        textToCopy={value}
        copyButtonAriaLabel="Copy the value of the key"
        copySuccessText="Copied"
        copyErrorText="The browser does not allow copying here"
      />
      <Button variant="inline-link" onClick={() => setValue(null)}>
        Hide
      </Button>
    </SpaceBetween>
  );
}
