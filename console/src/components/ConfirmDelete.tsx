// Asks before something is deleted, says what goes with it, and shows why it could not be.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation } from "@tanstack/react-query";
import type { ReactElement, ReactNode } from "react";
import { ErrorAlert } from "./ErrorAlert";

interface ConfirmDeleteProps {
  /** What is deleted, such as `usage plan bronze`. */
  what: string;
  /** What follows from it. */
  consequence: ReactNode;
  /** What the button says. */
  verb?: string;
  onDelete: () => Promise<unknown>;
  onDeleted: () => void;
  onDismiss: () => void;
}

export function ConfirmDelete(props: ConfirmDeleteProps): ReactElement {
  const { what, consequence, verb = "Delete", onDelete, onDeleted, onDismiss } = props;
  const deleting = useMutation({ mutationFn: onDelete, onSuccess: onDeleted });
  return (
    <Modal
      visible
      onDismiss={onDismiss}
      header={`${verb} ${what}?`}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onDismiss}>
              Cancel
            </Button>
            <Button variant="primary" loading={deleting.isPending} onClick={() => deleting.mutate()}>
              {verb}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">{consequence}</Alert>
        <ErrorAlert error={deleting.error} />
      </SpaceBetween>
    </Modal>
  );
}
