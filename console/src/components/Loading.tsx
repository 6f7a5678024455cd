import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";
import type { ReactElement } from "react";

export function Loading(): ReactElement {
  return (
    <Box textAlign="center" padding="xxl">
      <Spinner size="large" />
      <Box color="text-body-secondary">Loading</Box>
    </Box>
  );
}
