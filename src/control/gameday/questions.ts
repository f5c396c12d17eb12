/** What a drill asks where its author does not say. Owns the words. */
export const DEFAULT_PROMPTS: readonly string[] = [
  "Where is my parcel DE-4711, and when will it arrive?",
  "I was charged twice for order 20931. Please explain what happened and what I should do now.",
  "How do I change the delivery address after I have paid?",
  "Summarise the return policy for electronics in three sentences.",
  "The invoice of Contoso Ltd over 1,240.50 EUR is due on 31 March. What are its number, date and total?",
  "Translate the following sentence into German: the train to Hamburg leaves at noon.",
];
