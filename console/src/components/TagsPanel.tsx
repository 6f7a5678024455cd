// The tags of a resource, edited in place.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TagEditor, { type TagEditorProps } from "@cloudscape-design/components/tag-editor";
import { type ReactElement, useState } from "react";
import { arnOf } from "../lib/arn";
import { tagResource, untagResource } from "../api/tags";
import { useSession } from "../shell/SessionProvider";
import { ErrorAlert } from "./ErrorAlert";
import { useNode } from "./queries";
import { useChange } from "./useChange";

interface TagsPanelProps {
  /** The resource below the service, such as `/usageplans/abc`. */
  resource: string;
  tags: Record<string, string>;
  /** The queries that show them. */
  shows: string[][];
}

export function TagsPanel({ resource, tags, shows }: TagsPanelProps): ReactElement {
  const { mayChange } = useSession();
  const { data: node } = useNode();
  const kept = Object.entries(tags).map(([key, value]) => ({ key, value, existing: true }));
  const [edited, setEdited] = useState<readonly TagEditorProps.Tag[]>(kept);
  const arn = arnOf(node, resource);
  const saving = useChange({
    make: async () => {
      const present = edited.filter((tag) => !tag.markedForRemoval && tag.key !== "");
      const gone = Object.keys(tags).filter((key) => !present.some((tag) => tag.key === key));
      for (const key of gone) await untagResource(arn, key);
      if (present.length > 0) await tagResource(arn, Object.fromEntries(present.map(({ key, value }) => [key, value])));
    },
    done: () => "The tags are saved.",
    shows,
    then: () =>
      setEdited((before) => before.filter((tag) => !tag.markedForRemoval).map((tag) => ({ ...tag, existing: true }))),
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            mayChange && (
              <Button loading={saving.isPending} onClick={() => saving.mutate()}>
                Save tags
              </Button>
            )
          }
        >
          Tags
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ErrorAlert error={saving.error} />
        {mayChange ? (
          <TagEditor tags={edited} tagLimit={50} onChange={({ detail }) => setEdited(detail.tags)} />
        ) : (
          <Box>{kept.map(({ key, value }) => `${key}=${value}`).join(", ") || "No tags"}</Box>
        )}
      </SpaceBetween>
    </Container>
  );
}
