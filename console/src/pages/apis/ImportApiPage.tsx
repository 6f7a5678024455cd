// A new API from an OpenAPI document.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import FileUpload from "@cloudscape-design/components/file-upload";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import type { ReactElement } from "react";
import { useNavigate } from "react-router";
import { importRestApi } from "../../api/restApis";
import { Page } from "../../components/Page";
import { APIS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { useKept } from "../../components/useKept";

export default function ImportApiPage(): ReactElement {
  const navigate = useNavigate();
  const [document, setDocument] = useKept("document", "");
  const importing = useChange({
    make: () => importRestApi(document),
    done: (api) => `API ${api.name} is imported.`,
    shows: [APIS],
    then: (api) => void navigate(`/apis/${api.id}`),
  });
  return (
    <Page
      title="Import OpenAPI"
      trail={[{ text: "APIs", to: "/apis" }]}
      commands={["aws apigateway import-rest-api \\\n  --body fileb://openapi.json"]}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          importing.mutate();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" formAction="none" onClick={() => void navigate("/apis")}>
                Cancel
              </Button>
              <Button
                variant="primary"
                formAction="submit"
                loading={importing.isPending}
                disabled={document.trim() === ""}
              >
                Import
              </Button>
            </SpaceBetween>
          }
        >
          <Container>
            <SpaceBetween size="m">
              <FormField label="File - optional">
                <FileUpload
                  value={[]}
                  accept=".json,.yaml,.yml"
                  i18nStrings={{
                    uploadButtonText: () => "Choose file",
                    dropzoneText: () => "Drop a document",
                    removeFileAriaLabel: () => "Remove the file",
                    limitShowFewer: "Show fewer files",
                    limitShowMore: "Show more files",
                    errorIconAriaLabel: "Error",
                  }}
                  onChange={({ detail }) => {
                    void detail.value[0]?.text().then(setDocument);
                  }}
                />
              </FormField>
              <FormField
                label="OpenAPI document"
                description="Swagger 2.0 or OpenAPI 3.0, in JSON or YAML, with the x-amazon-apigateway extensions if you like."
                errorText={importing.error?.message}
                stretch
              >
                <Textarea
                  rows={18}
                  value={document}
                  spellcheck={false}
                  onChange={({ detail }) => setDocument(detail.value)}
                />
              </FormField>
            </SpaceBetween>
          </Container>
        </Form>
      </form>
    </Page>
  );
}
