package crm

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The words that made-up contacts are put together from.
var (
	seedFirstNames = strings.Fields(`Aarav Aditi Aditya Akash Amit Amrita Ananya Anil Anita Anjali Arjun Arun Asha Ashok Bharat Bhavna Chetan Deepa
		Deepak Devika Dhruv Divya Farhan Fatima Ganesh Gauri Gopal Harish Hema Imran Indira Ishaan Ishita Jaspreet Jaya Jyoti Kabir Kalyani Karan Kavya
		Kiran Kishore Krishna Lakshmi Lalita Madhav Mahesh Manish Manoj Meena Meera Mohan Mohit Nandini Naveen Neha Nikhil Nisha Nitin Padma Parvati
		Pooja Prakash Pranav Prashant Preeti Priya Priyanka Rahul Raj Rajesh Rakesh Ramesh Rani Ravi Rekha Ritu Rohan Rohit Sachin Sameer Sandeep
		Sanjay Sapna Sarita Shalini Shankar Shruti Simran Sneha Sunil Sunita Suresh Swati Tanvi Tara Uday Uma Usha Varun Vidya Vijay Vikram Vinod Vishal Yash Zara Zoya`)
	seedLastNames = strings.Fields(`Agarwal Ahmed Ahuja Banerjee Bhat Bhatia Bose Chatterjee Chauhan Chawla Chopra Das Desai Deshmukh Deshpande Dutta Fernandes
		Gandhi Ghosh Gill Goyal Gupta Iyengar Iyer Jain Jha Joshi Kapoor Kaur Khan Khanna Kulkarni Kumar Kurian Malhotra Mathur Mehta Menon Mishra Mukherjee
		Naidu Nair Pandey Parekh Patel Patil Pillai Prasad Rajput Rao Rathore Reddy Roy Sahu Saxena Sen Seth Shah Sharma Shetty Shukla Singh Sinha
		Srinivasan Subramanian Thakur Tiwari Trivedi Varma Verma Vyas Yadav`)
	seedPlaces  = strings.Fields(`Agra Ajmer Aravalli Bengal Chennai Cochin Coromandel Deccan Delhi Ganga Goa Gujarat Himalaya Indore Jaipur Kashmir Kaveri Konkan Malabar Mumbai Mysore Nagpur Narmada Nilgiri Orissa Pune Punjab Sahyadri Saurashtra Surat Vindhya Yamuna`)
	seedTrades  = strings.Fields(`Agro Cables Ceramics Chemicals Electricals Engineering Exports Fabrics Foods Garments Herbals Instruments Logistics Motors Packaging Papers Pharma Plastics Polymers Printers Spices Steel Textiles Tools Traders`)
	seedForms   = []string{"Pvt Ltd", "LLP", "& Sons", "& Co", "Industries", "Enterprises"}
	seedTitles  = []string{"Owner", "Purchase manager", "Accounts", "Director", "Sales manager", "Partner", "Operations head", ""}
	seedSources = []string{"Website", "Referral", "Trade fair", "Walk-in", "IndiaMART", "Phone call"}
	seedTags    = []string{"vip", "wholesale", "retail", "export", "festival offer", "newsletter", "credit", "cash only"}
	seedNotes   = []string{"Asked for a price list.", "Prefers calls after 4 pm.", "Met at the trade fair.", "Pays by UPI.", "Wants samples before ordering.", "Speaks Hindi and English.",
		"Orders before every Diwali.", "Compares with two other suppliers.", "Asked for 30 days of credit.", "Send the invoice by WhatsApp, too."}
	seedMailHosts = []string{"gmail.test", "yahoo.test", "rediff.test", "outlook.test", "mail.test"}
)

// seedCompanyName is the name of the i-th made-up company; a number keeps later
// ones apart.
func seedCompanyName(i int) string {
	name := seedPlaces[i%len(seedPlaces)] + " " + seedTrades[i/len(seedPlaces)%len(seedTrades)] + " " + seedForms[i/len(seedPlaces)/len(seedTrades)%len(seedForms)]
	if round := i / (len(seedPlaces) * len(seedTrades) * len(seedForms)); round > 0 {
		name += fmt.Sprintf(" %d", round+1)
	}
	return name
}

// seedEmail is unique by i. The domain .test reaches nobody.
func seedEmail(r *rand.Rand, first, last string, i int) string {
	return strings.ToLower(fmt.Sprintf("%s.%s%d@%s", first, last, i, pick(r, seedMailHosts)))
}

// seedNote is a note of none to two sentences.
func seedNote(r *rand.Rand) string {
	note := ""
	for range max(0, r.IntN(5)-2) {
		note += " " + pick(r, seedNotes)
	}
	return strings.TrimSpace(note)
}
