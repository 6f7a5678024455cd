// The commands of the AWS CLI that do what a page does.
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";

export function CliCommands({ commands }: { commands: string[] }): ReactElement {
  return (
    <ExpandableSection variant="footer" headerText="The same from the command line" defaultExpanded>
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
    <div className="console-command">
      <CopyToClipboard
        variant="icon"
        textToCopy={command}
        copyButtonAriaLabel="Copy the command"
        copySuccessText="Copied"
        copyErrorText="The browser does not allow copying here"
      />
      <pre className="console-code">{command}</pre>
    </div>
  );
}
