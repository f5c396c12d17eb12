/**
 * Names and values that every request of a dialect has, of eight characters and more. Owns what a provider may name
 * of a request though it stands there; a word that is not here is somebody's own.
 */

const FIELDS = `
messages contents instructions systemInstruction system_instruction developer assistant function functions
max_tokens maxTokens max_completion_tokens max_output_tokens maxOutputTokens max_tokens_to_sample
temperature topLogprobs top_logprobs logprobs logit_bias presence_penalty presencePenalty frequency_penalty
frequencyPenalty stop_sequences stopSequences candidateCount
response_format responseFormat responseMimeType responseSchema responseJsonSchema json_schema json_object jsonSchema
tool_choice toolChoice tool_call tool_calls tool_call_id tool_use_id toolUseId tool_use tool_result toolConfig toolSpec
toolResult tool_config functionCall function_call function_call_output functionResponse functionDeclarations
functionCallingConfig allowedFunctionNames parallel_tool_calls disable_parallel_tool_use
input_schema inputSchema parameters arguments description
stream_options streamOptions include_usage includeUsage generationConfig generation_config inferenceConfig
additionalModelRequestFields additionalModelResponseFieldPaths anthropic_version anthropic_beta modelId
reasoning reasoning_effort reasoningContent reasoning_content thinking thinkingConfig thinkingBudget budget_tokens
encrypted_content redacted_thinking signature
image_url input_text input_image input_file input_audio output_text inlineData inline_data fileData file_data
mimeType mime_type media_type mediaType cache_control cacheControl cachePoint ephemeral
metadata service_tier safety_identifier prompt_cache_key prompt_cache_retention previous_response_id truncation
verbosity modalities prediction web_search_options safetySettings cachedContent
dimensions encoding_format input_type inputText inputType embedding_types task_type taskType outputDimensionality
embeddings truncate use_case
properties additionalProperties required definitions minLength maxLength minItems maxItems uniqueItems
application/json application/pdf text/plain image/jpeg image/png image/webp
disabled adaptive validated document
`;

export const PROTOCOL_WORDS: ReadonlySet<string> = new Set(FIELDS.trim().split(/\s+/));
