// The commands of the AWS CLI that do what a page does.
import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";

export function CliCommands({ commands }: { commands: string[] }): ReactElement {
  return (
    <ExpandableSection variant="footer" headerText="The same with the AWS CLI" defaultExpanded>
      <SpaceBetween size="s">
        {commands.map((command) => (
          <Command key={command} command={command} />
        ))}
      </SpaceBetween>
    </ExpandableSection>
  );
}

function Command({ command }: { command: string }): ReactElement {
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <CopyToClipboard
        variant="icon"
        textToCopy={command}
        copyButtonAriaLabel="Copy the command"
        copySuccessText="Copied"
        copyErrorText="The browser does not allow copying here"
      />
      <Box padding={{ top: "xxs" }}>
        <pre className="console-code">{command}</pre>
      </Box>
    </SpaceBetween>
  );
}
