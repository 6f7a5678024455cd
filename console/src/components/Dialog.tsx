// A form in a dialog: its title, its fields, its buttons, and the "no" that is about no field.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal, { type ModalProps } from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactElement, type ReactNode, useId } from "react";
import { ErrorAlert } from "./ErrorAlert";

interface DialogProps {
  title: string;
  /** What sends the form; without it there is nothing to send. */
  submit?: string;
  /** What closes the dialog. */
  dismiss?: string;
  pending: boolean;
  error: Error | null;
  disabled?: boolean;
  size?: ModalProps.Size;
  onSubmit: () => void;
  onDismiss: () => void;
  children: ReactNode;
}

export function Dialog(props: DialogProps): ReactElement {
  const { title, submit, dismiss = "Cancel", pending, error, disabled = false, size = "medium" } = props;
  const { onSubmit, onDismiss, children } = props;
  const form = useId();
  return (
    <Modal
      visible
      size={size}
      onDismiss={onDismiss}
      header={title}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onDismiss}>
              {dismiss}
            </Button>
            {submit !== undefined && (
              <Button variant="primary" formAction="submit" form={form} loading={pending} disabled={disabled}>
                {submit}
              </Button>
            )}
          </SpaceBetween>
        </Box>
      }
    >
      <form
        noValidate
        id={form}
        onSubmit={(event) => {
          event.preventDefault();
          if (!disabled && !pending) onSubmit();
        }}
      >
        <SpaceBetween size="m">
          <ErrorAlert error={error} />
          {children}
        </SpaceBetween>
      </form>
    </Modal>
  );
}
