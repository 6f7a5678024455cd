// Signing in with an access key pair.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useState } from "react";
import { signIn } from "../../api/session";
import { ErrorAlert } from "../../components/ErrorAlert";
import { SESSION_QUERY } from "../../shell/SessionProvider";

export function SignInPage({ problem }: { problem: ReactNode }): ReactElement {
  const queries = useQueryClient();
  const [accessKeyId, setAccessKeyId] = useState("");
  const [secret, setSecret] = useState("");
  const entering = useMutation({
    mutationFn: () => signIn(accessKeyId, secret),
    onSuccess: (session) => queries.setQueryData(SESSION_QUERY, session),
  });
  return (
    <main className="console-sign-in">
      <SpaceBetween size="l">
        <Box textAlign="center" variant="h1">
          Tollgate
        </Box>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            entering.mutate();
          }}
        >
          <Container header={<Header variant="h2">Sign in</Header>}>
            <Form
              actions={
                <Button variant="primary" formAction="submit" loading={entering.isPending}>
                  Sign in
                </Button>
              }
            >
              <SpaceBetween size="m">
                {entering.error ? <ErrorAlert error={entering.error} /> : problem}
                <FormField label="Access key ID">
                  <Input
                    value={accessKeyId}
                    onChange={({ detail }) => setAccessKeyId(detail.value)}
                    autoComplete="username"
                    spellcheck={false}
                    autoFocus
                  />
                </FormField>
                <FormField
                  label="Secret access key"
                  description="The pair that the AWS CLI uses with this Tollgate, or one made with tollgate credential create."
                >
                  <Input
                    value={secret}
                    type="password"
                    onChange={({ detail }) => setSecret(detail.value)}
                    autoComplete="current-password"
                  />
                </FormField>
                <Box color="text-body-secondary" fontSize="body-s">
                  On the machine that Tollgate runs on, <Box variant="code">tollgate console-link</Box> prints a link
                  that signs in once.
                </Box>
              </SpaceBetween>
            </Form>
          </Container>
        </form>
      </SpaceBetween>
    </main>
  );
}
