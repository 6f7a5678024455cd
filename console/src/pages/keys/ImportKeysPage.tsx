// Many keys from a CSV file, portion by portion, with progress and what the server said to each portion.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FileUpload from "@cloudscape-design/components/file-upload";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { ListTable } from "../../components/ListTable";
import { Page } from "../../components/Page";
import { KEYS, PLANS, refresh } from "../../components/queries";
import { count } from "../../lib/numbers";
import { importPortions, type ImportProgress } from "./importPortions";

const EXAMPLE = "name,key,description,enabled,usageplanIds\njoe,aValueOfTwentyToOneHundred28,Joe Black,true,PLAN_ID\n";

export default function ImportKeysPage(): ReactElement {
  const queries = useQueryClient();
  const [files, setFiles] = useState<File[]>([]);
  const [progress, setProgress] = useState<ImportProgress | null>(null);
  const [file] = files;
  const importing = useMutation({
    mutationFn: async (chosen: File) => importPortions(await chosen.text(), setProgress),
    onSettled: () => refresh(queries, KEYS, PLANS),
  });
  const finished = importing.isSuccess || importing.isError;
  const failed = progress?.failed ?? 0;
  return (
    <Page
      title="Import API keys"
      trail={[{ text: "API keys", to: "/api-keys" }]}
      commands={["aws apigateway import-api-keys \\\n  --format csv \\\n  --body fileb://keys.csv"]}
    >
      <Container header={<Header variant="h2">File</Header>}>
        <SpaceBetween size="m">
          <FormField
            label="CSV file"
            description="A key whose value is known already takes over name, description and state; plans are added to it."
            errorText={importing.error?.message}
          >
            <FileUpload
              value={files}
              accept=".csv,text/csv"
              showFileSize
              i18nStrings={{
                uploadButtonText: () => "Choose file",
                dropzoneText: () => "Drop a file to import",
                removeFileAriaLabel: () => "Remove the file",
                limitShowFewer: "Show fewer files",
                limitShowMore: "Show more files",
                errorIconAriaLabel: "Error",
              }}
              onChange={({ detail }) => {
                setFiles(detail.value);
                setProgress(null);
                importing.reset();
              }}
            />
          </FormField>
          <Box>
            <Box variant="awsui-key-label">
              Its form, with as many plans as wanted, separated by commas within quotes
            </Box>
            <pre className="console-code">{EXAMPLE}</pre>
          </Box>
          <Button
            variant="primary"
            disabled={file === undefined || finished}
            loading={importing.isPending}
            onClick={() => file && importing.mutate(file)}
          >
            Import
          </Button>
        </SpaceBetween>
      </Container>
      {progress && (
        <Container header={<Header variant="h2">Import</Header>}>
          <SpaceBetween size="m">
            <ProgressBar
              label="Keys"
              value={progress.rows === 0 ? 0 : (100 * progress.done) / progress.rows}
              additionalInfo={`${count(progress.done)} of ${count(progress.rows)} rows`}
              status={finished ? (failed > 0 || importing.isError ? "error" : "success") : "in-progress"}
              resultText={`${count(progress.imported)} keys imported, ${count(failed)} rows refused`}
            />
            {finished && failed === 0 && progress.notes.length === 0 && (
              <Alert type="success">Every row became a key.</Alert>
            )}
          </SpaceBetween>
        </Container>
      )}
      {progress && finished && progress.notes.length > 0 && (
        <ListTable
          title="What the server said"
          items={progress.notes}
          rowId={(note) => String(note.id)}
          text={(note) => note.message}
          empty="Nothing"
          columns={[
            { id: "rows", header: "Rows", cell: (note) => note.rows },
            {
              id: "outcome",
              header: "Outcome",
              cell: (note) => (note.refused ? "Refused" : "Imported, with a warning"),
            },
            { id: "message", header: "Message", cell: (note) => note.message },
          ]}
        />
      )}
    </Page>
  );
}
